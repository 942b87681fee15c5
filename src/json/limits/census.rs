//! A count of what is in a JSON value: of its text as it streams by, or of the value itself.

use std::collections::{HashMap, HashSet};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{FREE_PLACES, MAX_DEPTH, MAX_NAMES, MAX_PATHS, MAX_VALUES, PLACES, no_object};
use crate::json::number::Number;
use crate::json::place;
use crate::json::text::{Reader, Token};
use crate::json::value::{Map, Value};
use crate::row_error::Bad;

/// Running counts of a value.
#[derive(Debug, Default)]
pub(super) struct Census {
    values: usize,
    /// Distinct paths, as hashes of their names.
    paths: HashSet<u64>,
    names: usize,
    /// The columns that the objects in lists are rows of; the first is that of the value itself.
    columns: Vec<Column>,
    by_list: HashMap<u64, usize>,
    places: u64,
    /// The member of the whole object that is looked at.
    member: Option<String>,
}

#[derive(Debug, Default)]
struct Column {
    rows: u64,
    paths: u64,
}

/// Place of a value.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// A hash of its path.
    path: u64,
    /// Length of its path.
    name: usize,
    /// The column that its object is a row of.
    column: usize,
    /// Number of levels allowed from here.
    depth: u32,
    /// True if it is an element of a list.
    element: bool,
}

// === what is counted ===

impl Census {
    fn root(&mut self) -> Place {
        self.columns.push(Column::default());
        Place {
            path: 0,
            name: 0,
            column: 0,
            depth: MAX_DEPTH,
            element: false,
        }
    }

    /// Checks the totals.
    pub(super) fn judge(self) -> Result<(), Bad> {
        let most = PLACES * self.values as u64 + FREE_PLACES;
        if self.places <= most {
            return Ok(());
        }
        let (places, values) = (self.places, self.values);
        let reason = format!(
            "its lists have {places} places, which is their objects by the paths that any of them has; \
             at most {most} for its {values} members and elements"
        );
        Err(Bad::field("json", reason))
    }

    fn refuse(&self, reason: String) -> Bad {
        let member = self.member.as_deref().unwrap_or("json");
        Bad::field(place(member), reason)
    }

    /// Counts a member or an element.
    fn value(&mut self) -> Result<(), Bad> {
        self.values += 1;
        match self.values <= MAX_VALUES {
            true => Ok(()),
            false => Err(self.refuse(format!(
                "brings the members and elements of the JSON to more than {MAX_VALUES}, lists included"
            ))),
        }
    }

    fn deeper(&mut self, at: Place) -> Result<u32, Bad> {
        at.depth
            .checked_sub(1)
            .ok_or_else(|| self.refuse(format!("nests deeper than {MAX_DEPTH} levels")))
    }

    /// Counts a path, if it is new.
    fn path(&mut self, at: Place) -> Result<(), Bad> {
        if at.element || !self.paths.insert(at.path) {
            return Ok(());
        }
        if self.paths.len() > MAX_PATHS {
            return Err(self.refuse(format!(
                "brings the distinct paths of the JSON to more than {MAX_PATHS}, those in lists included"
            )));
        }
        self.names += at.name;
        if self.names > MAX_NAMES {
            return Err(self.refuse(format!(
                "brings the names of the paths of the JSON to more than {MAX_NAMES} bytes"
            )));
        }
        if let Some(column) = self.columns.get_mut(at.column) {
            column.paths += 1;
            self.places += column.rows;
        }
        Ok(())
    }

    /// Begins a list, and says where its elements are.
    fn list(&mut self, at: Place) -> Result<Place, Bad> {
        self.path(at)?;
        let depth = self.deeper(at)?;
        let path = xxh3_64_with_seed(b"[]", at.path);
        let column = *self.by_list.entry(path).or_insert_with(|| {
            self.columns.push(Column::default());
            self.columns.len() - 1
        });
        Ok(Place {
            path,
            name: 0,
            column,
            depth,
            element: true,
        })
    }

    /// Begins an object, and says how many levels there may be in it. In a list it is a row of a column.
    fn object(&mut self, at: Place) -> Result<u32, Bad> {
        let depth = self.deeper(at)?;
        if at.element
            && let Some(column) = self.columns.get_mut(at.column)
        {
            column.rows += 1;
            self.places += column.paths;
        }
        Ok(depth)
    }

    /// Counts a member of an object, and says where it is.
    fn member(&mut self, object: Place, depth: u32, key: &str) -> Result<Place, Bad> {
        if depth == MAX_DEPTH - 1 {
            self.member = Some(key.to_owned());
        }
        self.value()?;
        Ok(Place {
            path: xxh3_64_with_seed(key.as_bytes(), object.path),
            name: object.name + key.len() + usize::from(object.name > 0),
            column: object.column,
            depth,
            element: false,
        })
    }
}

// === as text streams by ===

impl Census {
    /// Reads an object, and gives all of it but the elements of its lists.
    pub(super) fn outline(&mut self, reader: &mut Reader<'_>) -> Result<Map, Bad> {
        let root = self.root();
        match self.read(reader, root, true)? {
            Value::Object(outline) => Ok(outline),
            _ => Err(Bad::field("body", "should be one JSON object")),
        }
    }

    fn read(&mut self, reader: &mut Reader<'_>, at: Place, keep: bool) -> Result<Value, Bad> {
        let leaf = match reader.token().map_err(|fault| no_object(&fault))? {
            Token::List => return self.read_list(reader, at),
            Token::Object => return self.read_object(reader, at, keep),
            // Null is absent: it has no path.
            Token::Null => return Ok(Value::Null),
            _ if !keep => Value::Null,
            Token::Bool(value) => Value::Bool(value),
            Token::Number(text) => Value::Number(Number::written(text)),
            Token::Text(text) => Value::String(text.into_owned()),
        };
        self.path(at)?;
        Ok(leaf)
    }

    fn read_list(&mut self, reader: &mut Reader<'_>, at: Place) -> Result<Value, Bad> {
        let inside = self.list(at)?;
        let mut first = true;
        while reader.element(first).map_err(|fault| no_object(&fault))? {
            first = false;
            self.read(reader, inside, false)?;
            self.value()?;
        }
        Ok(Value::Array(Vec::new()))
    }

    fn read_object(
        &mut self,
        reader: &mut Reader<'_>,
        at: Place,
        keep: bool,
    ) -> Result<Value, Bad> {
        let depth = self.object(at)?;
        let mut kept = Map::new();
        let mut first = true;
        while let Some(key) = reader.key(first).map_err(|fault| no_object(&fault))? {
            first = false;
            let place = self.member(at, depth, &key)?;
            let value = self.read(reader, place, keep)?;
            if keep {
                let inserted = reader.insert(&mut kept, key, value);
                inserted.map_err(|fault| no_object(&fault))?;
            }
        }
        Ok(Value::Object(kept))
    }
}

// === of a value ===

impl Census {
    /// Looks at an object.
    pub(super) fn look_at(&mut self, object: &Map) -> Result<(), Bad> {
        let root = self.root();
        self.see_members(object, root)
    }

    fn see(&mut self, value: &Value, at: Place) -> Result<(), Bad> {
        match value {
            Value::Null => Ok(()),
            Value::Object(object) => self.see_members(object, at),
            Value::Array(items) => {
                let inside = self.list(at)?;
                items.iter().try_for_each(|item| {
                    self.see(item, inside)?;
                    self.value()
                })
            }
            _ => self.path(at),
        }
    }

    fn see_members(&mut self, object: &Map, at: Place) -> Result<(), Bad> {
        let depth = self.object(at)?;
        object.iter().try_for_each(|(key, value)| {
            let place = self.member(at, depth, key)?;
            self.see(value, place)
        })
    }
}
