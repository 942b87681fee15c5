//! Lookup tables of each message, made before the first text comes: its members by name, and the types of its fields.

use std::collections::HashMap;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use crate::contract::Envelope;
use crate::protobuf::{Field, Kind, Shape};

/// The messages that an event can hold, and its header.
#[derive(Debug)]
pub(super) struct Tables {
    messages: Vec<Message>,
    enums: Vec<HashMap<&'static str, i32>>,
    /// The header's message.
    pub(super) header: usize,
    /// The event's.
    pub(super) event: usize,
}

/// A message and its members.
#[derive(Debug)]
pub(super) struct Message {
    /// Its fields.
    pub(super) shape: &'static Shape,
    /// JSON form of the field.
    pub(super) form: Form,
    names: HashTable<Name>,
    /// For each field: where its message is, or its enum.
    inner: Vec<usize>,
}

/// JSON form of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// An object with a member for each field.
    Object,
    /// A time, as RFC 3339 has it.
    Timestamp,
    /// Any object.
    Struct,
    /// Any value.
    Value,
    /// Any list.
    List,
    /// The value of its only field.
    Wrapper,
}

#[derive(Debug)]
struct Name {
    hash: u64,
    text: &'static str,
    field: u16,
}

impl Tables {
    /// The tables of a layout.
    pub(super) fn new(envelope: &'static Envelope) -> Self {
        let mut tables = Tables {
            messages: Vec::new(),
            enums: Vec::new(),
            header: 0,
            event: 0,
        };
        let mut places = HashMap::new();
        tables.header = tables.add(envelope.header_shape, Form::Object, &mut places);
        tables.event = tables.add(envelope.event_shape, Form::Object, &mut places);
        tables
    }

    /// The message at a place.
    pub(super) fn message(&self, at: usize) -> Option<&Message> {
        self.messages.get(at)
    }

    /// The message with this full name, where it has this form.
    pub(super) fn named(&self, name: &str, form: Form) -> Option<&Message> {
        let mut messages = self.messages.iter();
        messages.find(|message| message.shape.name == name && message.form == form)
    }

    /// The enum at a place: its values by name.
    pub(super) fn values(&self, at: usize) -> Option<&HashMap<&'static str, i32>> {
        self.enums.get(at)
    }

    /// Adds a message and what it leads to, unless it is there.
    fn add(&mut self, shape: &'static Shape, form: Form, places: &mut Places) -> usize {
        let key = (std::ptr::from_ref(shape) as usize, form as u8);
        if let Some(at) = places.get(&key) {
            return *at;
        }
        let at = self.messages.len();
        places.insert(key, at);
        self.messages.push(Message {
            shape,
            form,
            names: names(shape),
            inner: Vec::new(),
        });
        let inner = shape.fields.iter().map(|field| match field.kind {
            Kind::Enum(values) => {
                self.enums.push(
                    values
                        .iter()
                        .map(|(number, name)| (*name, *number))
                        .collect(),
                );
                self.enums.len() - 1
            }
            kind => kind
                .shape()
                .map_or(0, |inner| self.add(inner, form_of(kind), places)),
        });
        let inner = inner.collect();
        if let Some(message) = self.messages.get_mut(at) {
            message.inner = inner;
        }
        at
    }
}

/// Indexes of messages, by the address of their shape and their form.
type Places = HashMap<(usize, u8), usize>;

impl Message {
    /// The field with this name, as the proto file or as proto3 JSON has it, and its place.
    #[inline]
    pub(super) fn find(&self, name: &[u8]) -> Option<(usize, &'static Field)> {
        let hash = xxh3_64(name);
        let found = self
            .names
            .find(hash, |known| known.text.as_bytes() == name)?;
        let at = usize::from(found.field);
        Some((at, self.shape.fields.get(at)?))
    }

    /// Index of a field's message or enum.
    pub(super) fn inner(&self, field: usize) -> usize {
        self.inner.get(field).copied().unwrap_or(usize::MAX)
    }
}

/// A message's members by both of their names.
fn names(shape: &'static Shape) -> HashTable<Name> {
    // A field that its table doesn't lead to is none.
    let fields = shape.fields.iter().enumerate();
    let fields = fields.filter(|(_, field)| shape.field(field.number).is_some());
    let mut table = HashTable::with_capacity(shape.fields.len() * 2);
    for (at, field) in fields {
        let Ok(at) = u16::try_from(at) else {
            break;
        };
        for text in [field.json_name, field.name] {
            let hash = xxh3_64(text.as_bytes());
            let known = |known: &Name| known.text == text;
            if table.find(hash, known).is_none() {
                let name = Name {
                    hash,
                    text,
                    field: at,
                };
                table.insert_unique(hash, name, |name| name.hash);
            }
        }
    }
    table
}

/// JSON form of a field's message.
fn form_of(kind: Kind) -> Form {
    match kind {
        Kind::Timestamp(_) => Form::Timestamp,
        Kind::Struct(_) => Form::Struct,
        Kind::Message(shape) => match shape.name.strip_prefix("google.protobuf.") {
            Some("Value") => Form::Value,
            Some("ListValue") => Form::List,
            Some(name) if name.ends_with("Value") => Form::Wrapper,
            _ => Form::Object,
        },
        _ => Form::Object,
    }
}

/// The known name that is most like one that isn't known, if one is.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    /// Maximum length of a name that is compared.
    const LONGEST: usize = 100;
    /// Minimum similarity of two names; equal ones are 1.
    const LIKE: f64 = 0.8;
    if name.len() > LONGEST {
        return None;
    }
    let folded = name.to_lowercase();
    let rated = known.map(|known| (strsim::jaro_winkler(&folded, &known.to_lowercase()), known));
    let best = rated.max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(like, _)| *like >= LIKE)
        .map(|(_, known)| known)
}
