//! A count of what is in a JSON value, as it streams by.

use std::collections::{HashMap, HashSet};

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{FREE_PLACES, MAX_DEPTH, MAX_NAMES, MAX_PATHS, MAX_VALUES, PLACES};
use crate::contract::Bad;

/// What has been seen of a value.
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
    /// The limit that it is over.
    pub(super) over: Option<Bad>,
    /// The member of the whole object in which that was found.
    member: Option<String>,
}

#[derive(Debug, Default)]
struct Column {
    rows: u64,
    paths: u64,
}

/// Where a value is.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// A hash of its path.
    path: u64,
    /// How long its path is.
    name: usize,
    /// The column that its object is a row of.
    column: usize,
    /// How many levels there may be from here.
    depth: u32,
    /// Whether it is an element of a list.
    element: bool,
}

impl Census {
    /// Reads a value, and gives it without the elements of its lists if it is to be kept.
    pub(super) fn read<'de, D: Deserializer<'de>>(
        &mut self,
        value: D,
        keep: bool,
    ) -> Result<Value, D::Error> {
        self.columns.push(Column::default());
        let at = Place {
            path: 0,
            name: 0,
            column: 0,
            depth: MAX_DEPTH,
            element: false,
        };
        let walk = Walk {
            census: self,
            at,
            keep,
        };
        walk.deserialize(value)
    }

    /// What only the whole can say.
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

    fn refuse<E: Error>(&mut self, reason: String) -> E {
        let place = self.member.take().unwrap_or_else(|| "json".to_owned());
        self.over.get_or_insert_with(|| Bad::field(place, reason));
        E::custom("over a limit")
    }

    /// Counts a member or an element.
    fn value<E: Error>(&mut self) -> Result<(), E> {
        self.values += 1;
        match self.values <= MAX_VALUES {
            true => Ok(()),
            false => Err(self.refuse(format!(
                "brings the members and elements of the JSON to more than {MAX_VALUES}, lists included"
            ))),
        }
    }

    fn deeper<E: Error>(&mut self, at: Place) -> Result<u32, E> {
        at.depth
            .checked_sub(1)
            .ok_or_else(|| self.refuse(format!("nests deeper than {MAX_DEPTH} levels")))
    }

    /// Counts a path, if it is new.
    fn path<E: Error>(&mut self, at: Place) -> Result<(), E> {
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

    /// The column of the objects in the lists at a path.
    fn list(&mut self, path: u64) -> usize {
        *self.by_list.entry(path).or_insert_with(|| {
            self.columns.push(Column::default());
            self.columns.len() - 1
        })
    }

    /// Counts an object that is an element of a list.
    fn row(&mut self, at: Place) {
        if let Some(column) = self.columns.get_mut(at.column) {
            column.rows += 1;
            self.places += column.paths;
        }
    }
}

/// Reads one value.
struct Walk<'c> {
    census: &'c mut Census,
    at: Place,
    keep: bool,
}

impl Walk<'_> {
    fn leaf<E: Error>(self, value: impl FnOnce() -> Value) -> Result<Value, E> {
        self.census.path(self.at)?;
        Ok(if self.keep { value() } else { Value::Null })
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Value, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.leaf(|| Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.leaf(|| value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.leaf(|| value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.leaf(|| Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.leaf(|| value.into())
    }

    // Null is absent: it has no path.
    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let Walk { census, at, keep } = self;
        census.path(at)?;
        let depth = census.deeper(at)?;
        let path = xxh3_64_with_seed(b"[]", at.path);
        let at = Place {
            path,
            name: 0,
            column: census.list(path),
            depth,
            element: true,
        };
        while let Some(_element) = list.next_element_seed(Walk {
            census: &mut *census,
            at,
            keep: false,
        })? {
            census.value()?;
        }
        Ok(if keep {
            Value::Array(Vec::new())
        } else {
            Value::Null
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let Walk { census, at, keep } = self;
        let depth = census.deeper(at)?;
        if at.element {
            census.row(at);
        }
        let mut kept = Map::new();
        while let Some(key) = object.next_key_seed(Key {
            path: at.path,
            keep,
        })? {
            if depth == MAX_DEPTH - 1 {
                census.member.clone_from(&key.text);
            }
            census.value()?;
            let at = Place {
                path: key.path,
                name: at.name + key.len + usize::from(at.name > 0),
                column: at.column,
                depth,
                element: false,
            };
            let value = object.next_value_seed(Walk {
                census: &mut *census,
                at,
                keep,
            })?;
            if let Some(name) = key.text {
                kept.insert(name, value);
            }
        }
        Ok(Value::Object(kept))
    }
}

/// Reads a key.
struct Key {
    path: u64,
    keep: bool,
}

/// A key: the path that it makes, its length, and itself if it is to be kept.
struct Read {
    path: u64,
    len: usize,
    text: Option<String>,
}

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Read;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Read, D::Error> {
        key.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Read;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Read, E> {
        Ok(Read {
            path: xxh3_64_with_seed(key.as_bytes(), self.path),
            len: key.len(),
            text: self.keep.then(|| key.to_owned()),
        })
    }
}
