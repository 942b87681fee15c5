//! A bounded set of unknown fields, and its text.

use std::collections::{BTreeMap, BTreeSet};

use super::{MOST, base64};
use crate::protobuf::RetiredField;

/// The key under which the object says how many members were cut.
pub const CUT: &str = "…cut";

/// Maximum size of the member [`CUT`], braces included.
const RESERVED: usize = 40;

/// The value of an unknown field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A JSON value as it was written.
    Json(String),
    /// A field of protobuf as it came, key included; repeated ones behind each other.
    Wire(Vec<u8>),
}

/// Unknown fields by pointer. It never holds more than [`MOST`] bytes of text: the largest are cut, as soon as there are
/// more.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Unknown {
    members: BTreeMap<String, Value>,
    /// Sizes of the members, the largest last; filled when something has to be cut.
    sizes: BTreeSet<(usize, String)>,
    size: usize,
    cut: u64,
    text: String,
    /// Retired fields that were there and are not kept.
    retired: Vec<&'static RetiredField>,
}

impl Unknown {
    /// True if there is nothing.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.cut == 0
    }

    /// The members, by pointer.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.members
            .iter()
            .map(|(key, value)| (key.as_str(), value))
    }

    /// Number of members that are not kept.
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// Adds a member. What is there under the pointer stays, and bytes of protobuf go behind it.
    pub fn add(&mut self, pointer: &str, value: Value) {
        let value = match (self.remove(pointer), value) {
            (Some(Value::Wire(mut before)), Value::Wire(more)) => {
                before.extend_from_slice(&more);
                Value::Wire(before)
            }
            (Some(before), _) => before,
            (None, value) => value,
        };
        let size = size(pointer, &value);
        let full = self.size + size > MOST - RESERVED;
        if full && self.sizes.is_empty() {
            let all = self.members.iter();
            self.sizes = all
                .map(|(key, value)| (self::size(key, value), key.clone()))
                .collect();
        }
        let largest = self.sizes.last().is_none_or(|(other, _)| *other <= size);
        if full && largest {
            self.cut += 1;
            return;
        }
        self.size += size;
        if !self.sizes.is_empty() {
            self.sizes.insert((size, pointer.to_owned()));
        }
        self.members.insert(pointer.to_owned(), value);
        while self.size > MOST - RESERVED
            && let Some((_, key)) = self.sizes.last().cloned()
        {
            self.remove(&key);
            self.cut += 1;
        }
    }

    /// Notes a retired field, which is not kept. The names are those of the build, so that there are few.
    pub(super) fn note_retired(&mut self, field: &'static RetiredField) {
        if !self.retired.contains(&field) {
            self.retired.push(field);
        }
    }

    /// Retired fields that were there and are not kept, each once.
    pub fn retired(&self) -> impl Iterator<Item = &'static RetiredField> + '_ {
        self.retired.iter().copied()
    }

    /// Counts members that somebody else cut.
    pub(super) fn add_cut(&mut self, cut: u64) {
        self.cut = self.cut.saturating_add(cut);
    }

    /// Takes out what is below a pointer: another value took its place.
    pub(super) fn forget(&mut self, pointer: &str) {
        let below = format!("{pointer}/");
        let from = self.members.range(below.clone()..);
        let keys: Vec<String> = from
            .map(|(key, _)| key.clone())
            .take_while(|key| key.starts_with(&below))
            .collect();
        for key in keys {
            self.remove(&key);
        }
    }

    fn remove(&mut self, pointer: &str) -> Option<Value> {
        let (key, value) = self.members.remove_entry(pointer)?;
        let size = size(&key, &value);
        self.size -= size;
        if !self.sizes.is_empty() {
            self.sizes.remove(&(size, key));
        }
        Some(value)
    }

    /// Writes the text, once nothing more is added.
    pub(super) fn close(&mut self) {
        self.text = self.written();
    }

    /// The flat object; as it was when the set was closed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The flat object as it is now; empty if there is nothing.
    pub fn written(&self) -> String {
        match self.is_empty() {
            true => String::new(),
            false => object(self.members(), self.size, self.cut),
        }
    }
}

/// The text of two sets, of which the first has the lower pointers.
pub(crate) fn joined(one: &Unknown, other: &Unknown) -> String {
    let members = one.members().chain(other.members());
    object(
        members,
        one.size + other.size,
        one.cut.saturating_add(other.cut),
    )
}

fn object<'a>(
    members: impl Iterator<Item = (&'a str, &'a Value)>,
    size: usize,
    cut: u64,
) -> String {
    let mut text = String::with_capacity(size + RESERVED);
    text.push('{');
    for (key, value) in members {
        comma(&mut text);
        push_key(&mut text, key);
        match value {
            Value::Json(json) => text.push_str(json),
            Value::Wire(bytes) => {
                text.push('"');
                text.push_str(&base64(bytes));
                text.push('"');
            }
        }
    }
    if cut > 0 {
        comma(&mut text);
        push_key(&mut text, CUT);
        text.push_str(&cut.to_string());
    }
    text.push('}');
    text
}

fn comma(text: &mut String) {
    if text.len() > 1 {
        text.push(',');
    }
}

fn push_key(text: &mut String, key: &str) {
    // A text can always be written.
    text.push_str(&serde_json::to_string(key).unwrap_or_default());
    text.push(':');
}

/// Size of a member, with its colon and comma.
fn size(key: &str, value: &Value) -> usize {
    let escaped: usize = key.chars().map(escaped).sum();
    let value = match value {
        Value::Json(json) => json.len(),
        Value::Wire(bytes) => bytes.len().div_ceil(3) * 4 + 2,
    };
    escaped + value + 4
}

/// Size of a key's character in JSON.
fn escaped(c: char) -> usize {
    match c {
        '"' | '\\' | '\u{8}' | '\u{c}' | '\n' | '\r' | '\t' => 2,
        c if c < ' ' => 6,
        c => c.len_utf8(),
    }
}

/// A flat object of members as they are written, in the order of their pointers; empty without any.
pub fn flat_text<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>, cut: u64) -> String {
    let sorted: BTreeMap<&str, &str> = members.into_iter().collect();
    if sorted.is_empty() && cut == 0 {
        return String::new();
    }
    let values: Vec<(&str, Value)> = sorted
        .into_iter()
        .map(|(key, json)| (key, Value::Json(json.to_owned())))
        .collect();
    object(values.iter().map(|(key, value)| (*key, value)), 0, cut)
}

impl Value {
    /// Text of the object.
    pub fn written(&self) -> String {
        match self {
            Value::Json(json) => json.clone(),
            Value::Wire(bytes) => format!("\"{}\"", base64(bytes)),
        }
    }
}
