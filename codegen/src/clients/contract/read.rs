//! The contract as it is read from the model.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{
    Cardinality, EnumDescriptor, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor,
};

use super::{Contract, Enum, Event, Field, File, Message, Numbers, Scalar, Shape, Type};
use crate::model::{Comments, Intake, Model};

impl Contract {
    /// What a model says to senders; none without a source of app events.
    pub(crate) fn of(model: &Model) -> Option<Self> {
        let envelope = model.envelope.as_ref()?;
        let (path, method) = model
            .sources
            .iter()
            .find_map(|source| match &source.intake {
                Intake::Grpc {
                    service,
                    method,
                    json_path,
                } => Some((json_path.clone(), format!("{service}/{method}"))),
                Intake::Post { .. } => None,
            })?;
        let variants: BTreeMap<u32, String> = envelope
            .event_message
            .fields()
            .map(|field| (field.number(), field.json_name().to_owned()))
            .collect();
        let mut needed = Needed::default();
        needed.message(&envelope.header_message);
        let mut events = Vec::new();
        for (number, message) in &envelope.types {
            needed.message(message);
            events.push(Event {
                number: *number,
                json: variants.get(number)?.clone(),
                message: name(message.full_name(), message.package_name()),
            });
        }
        Some(Contract {
            path,
            method,
            header: name(
                envelope.header_message.full_name(),
                envelope.header_message.package_name(),
            ),
            numbers: Numbers {
                header: envelope.header,
                events: envelope.events,
                id: envelope.id,
                timestamp: envelope.timestamp,
            },
            files: needed.files(&Comments::of(&model.pool), &events),
            events,
        })
    }
}

/// What events hold, by full name.
#[derive(Default)]
struct Needed {
    messages: BTreeMap<String, MessageDescriptor>,
    enums: BTreeMap<String, EnumDescriptor>,
}

impl Needed {
    /// Adds a message and all that it holds.
    fn message(&mut self, message: &MessageDescriptor) {
        let full = message.full_name().to_owned();
        if self.messages.insert(full, message.clone()).is_some() {
            return;
        }
        for field in message.fields() {
            match value_of(&field).kind() {
                Kind::Message(inner) if of_google(&inner).is_none() => self.message(&inner),
                Kind::Enum(inner) => {
                    self.enums.insert(inner.full_name().to_owned(), inner);
                }
                _ => {}
            }
        }
    }

    fn files(&self, comments: &Comments, events: &[Event]) -> Vec<File> {
        let mut files: BTreeMap<String, FileDescriptor> = BTreeMap::new();
        let of_messages = self.messages.values().map(MessageDescriptor::parent_file);
        let of_enums = self.enums.values().map(EnumDescriptor::parent_file);
        for file in of_messages.chain(of_enums) {
            files.insert(file.name().to_owned(), file);
        }
        let names = file_names(files.keys());
        let is_event = |name: &str| events.iter().any(|event| event.message == name);
        let made = files.iter().map(|(path, file)| {
            let mut messages: Vec<&MessageDescriptor> = self
                .messages
                .values()
                .filter(|message| message.parent_file().name() == path)
                .collect();
            messages.sort_by_key(|message| message.path().to_vec());
            let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for field in messages.iter().flat_map(|message| message.fields()) {
                if let Some((from, name)) = import(&value_of(&field))
                    && from != *path
                {
                    let from = names.get(&from).cloned().unwrap_or(from);
                    imports.entry(from).or_default().insert(name);
                }
            }
            let mut enums: Vec<&EnumDescriptor> = self
                .enums
                .values()
                .filter(|found| found.parent_file().name() == path)
                .collect();
            enums.sort_by_key(|found| found.path().to_vec());
            File {
                name: names.get(path).unwrap_or(path).clone(),
                doc: comments.file(file).to_owned(),
                messages: messages
                    .into_iter()
                    .map(|message| self::message(message, comments, &is_event))
                    .collect(),
                enums: enums
                    .into_iter()
                    .map(|e| enumeration(e, comments))
                    .collect(),
                imports,
            }
        });
        made.collect()
    }
}

/// The names of files without folder and ending; with folders where two files have the same.
fn file_names<'a>(paths: impl Iterator<Item = &'a String>) -> BTreeMap<String, String> {
    let plain = |path: &str| {
        path.trim_end_matches(".proto")
            .replace(['/', '-', '.'], "_")
    };
    let stem = |path: &str| plain(path.rsplit('/').next().unwrap_or(path));
    let paths: Vec<&String> = paths.collect();
    let alone = |path: &str| paths.iter().filter(|p| stem(p) == stem(path)).count() == 1;
    paths
        .iter()
        .map(|path| match alone(path) {
            true => ((*path).clone(), stem(path)),
            false => ((*path).clone(), plain(path)),
        })
        .collect()
}

fn message(
    message: &MessageDescriptor,
    comments: &Comments,
    is_event: &dyn Fn(&str) -> bool,
) -> Message {
    let name = name(message.full_name(), message.package_name());
    // As written: what a field's path ends with is its place in the message.
    let mut fields: Vec<FieldDescriptor> = message.fields().collect();
    fields.sort_by_key(|field| field.path().to_vec());
    Message {
        doc: comments.message(message).to_owned(),
        is_event: is_event(&name),
        name,
        fields: fields
            .iter()
            .map(|field| Field {
                number: field.number(),
                name: field.name().to_owned(),
                json: field.json_name().to_owned(),
                doc: comments.field(field).to_owned(),
                ty: ty(&value_of(field)),
                shape: shape(field),
            })
            .collect(),
    }
}

fn enumeration(found: &EnumDescriptor, comments: &Comments) -> Enum {
    Enum {
        name: name(found.full_name(), found.package_name()),
        doc: comments.enumeration(found).to_owned(),
        values: found
            .values()
            .map(|value| (value.name().to_owned(), value.number()))
            .collect(),
    }
}

/// A full name without its package, on one level.
fn name(full: &str, package: &str) -> String {
    let own = full.strip_prefix(package).unwrap_or(full);
    own.trim_start_matches('.').replace('.', "_")
}

/// The field itself, or the value of a map's entries.
fn value_of(field: &FieldDescriptor) -> FieldDescriptor {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => entry.map_entry_value_field(),
        _ => field.clone(),
    }
}

fn shape(field: &FieldDescriptor) -> Shape {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => {
            let key = scalar(&entry.map_entry_key_field().kind());
            Shape::Map(key.unwrap_or(Scalar::String))
        }
        _ if field.cardinality() == Cardinality::Repeated => Shape::List(field.is_packed()),
        _ if field.supports_presence() => Shape::Optional,
        _ => Shape::Single,
    }
}

fn ty(field: &FieldDescriptor) -> Type {
    match field.kind() {
        Kind::Message(message) => of_google(&message)
            .unwrap_or_else(|| Type::Message(name(message.full_name(), message.package_name()))),
        Kind::Enum(found) => Type::Enum(name(found.full_name(), found.package_name())),
        kind => scalar(&kind).map_or(Type::Any, Type::Scalar),
    }
}

/// The file and the name of a type that has to be imported where a field of it is.
fn import(field: &FieldDescriptor) -> Option<(String, String)> {
    match field.kind() {
        Kind::Message(message) if of_google(&message).is_none() => Some((
            message.parent_file().name().to_owned(),
            name(message.full_name(), message.package_name()),
        )),
        Kind::Enum(found) => Some((
            found.parent_file().name().to_owned(),
            name(found.full_name(), found.package_name()),
        )),
        _ => None,
    }
}

/// What a message of Google's is in JSON; none for others.
fn of_google(message: &MessageDescriptor) -> Option<Type> {
    let name = message.full_name().strip_prefix("google.protobuf.")?;
    Some(match name {
        "Timestamp" => Type::Timestamp,
        "Duration" => Type::Duration,
        "Struct" => Type::Object,
        _ => Type::Any,
    })
}

fn scalar(kind: &Kind) -> Option<Scalar> {
    Some(match kind {
        Kind::Double => Scalar::Double,
        Kind::Float => Scalar::Float,
        Kind::Int32 => Scalar::Int32,
        Kind::Int64 => Scalar::Int64,
        Kind::Uint32 => Scalar::Uint32,
        Kind::Uint64 => Scalar::Uint64,
        Kind::Sint32 => Scalar::Sint32,
        Kind::Sint64 => Scalar::Sint64,
        Kind::Fixed32 => Scalar::Fixed32,
        Kind::Fixed64 => Scalar::Fixed64,
        Kind::Sfixed32 => Scalar::Sfixed32,
        Kind::Sfixed64 => Scalar::Sfixed64,
        Kind::Bool => Scalar::Bool,
        Kind::String => Scalar::String,
        Kind::Bytes => Scalar::Bytes,
        Kind::Message(_) | Kind::Enum(_) => return None,
    })
}
