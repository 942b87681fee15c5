//! What senders need to know of the declarations, in terms of no language.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{
    Cardinality, EnumDescriptor, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor,
};

use crate::model::{Comments, Intake, Model};

/// All that senders of app events need: paths, the header, the events, and what they hold.
#[derive(Debug)]
pub(crate) struct Contract {
    /// HTTP path that takes requests as JSON and protobuf, such as `/event/dispatch`.
    pub(crate) path: String,
    /// gRPC method, such as `event.EventService/dispatch`.
    pub(crate) method: String,
    /// The header's message.
    pub(crate) header: String,
    /// Field numbers of the request and of the event: see [`Numbers`].
    pub(crate) numbers: Numbers,
    /// The event types by ascending number.
    pub(crate) events: Vec<Event>,
    /// The header, the event types and all that these hold, by proto file in the order of its path.
    pub(crate) files: Vec<File>,
}

/// Field numbers of what an event travels in.
#[derive(Debug)]
pub(crate) struct Numbers {
    /// The header in the request.
    pub(crate) header: u32,
    /// The events in the request.
    pub(crate) events: u32,
    /// The id in an event.
    pub(crate) id: u32,
    /// The timestamp in an event.
    pub(crate) timestamp: u32,
}

/// An event type.
#[derive(Debug)]
pub(crate) struct Event {
    /// Number of its variant in the event's oneof.
    pub(crate) number: u32,
    /// JSON name of its variant, such as `addToCartEvent`.
    pub(crate) json: String,
    /// Its message, by [`Message::name`].
    pub(crate) message: String,
}

/// The messages and enums of one proto file that senders need.
#[derive(Debug)]
pub(crate) struct File {
    /// Its name without folder and ending, such as `cart`; with folders where two files have the same.
    pub(crate) name: String,
    /// The comment at its top, one paragraph; empty if there is none.
    pub(crate) doc: String,
    /// Messages, in the order of the file; those within others behind them.
    pub(crate) messages: Vec<Message>,
    /// Enums, likewise.
    pub(crate) enums: Vec<Enum>,
    /// What its fields hold that is in other files: names by file.
    pub(crate) imports: BTreeMap<String, BTreeSet<String>>,
}

/// A message.
#[derive(Debug)]
pub(crate) struct Message {
    /// Its name; one within another has that one's name and an underscore before it.
    pub(crate) name: String,
    /// The comment above it, one paragraph; empty if there is none.
    pub(crate) doc: String,
    /// True for an event type.
    pub(crate) is_event: bool,
    /// Its fields in the order of the file. What is in a oneof is a field like others, of which one is set.
    pub(crate) fields: Vec<Field>,
}

/// A field.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its number.
    pub(crate) number: u32,
    /// Its name in the proto file.
    pub(crate) name: String,
    /// Its name in JSON.
    pub(crate) json: String,
    /// The comment on it, one paragraph; empty if there is none.
    pub(crate) doc: String,
    /// Its type; for a map that of the values.
    pub(crate) ty: Type,
    /// How many it holds.
    pub(crate) shape: Shape,
}

/// How many values a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One, which is absent when it is the type's default.
    Single,
    /// One that says whether it is there: `optional`, or a member of a oneof. Messages are so by themselves.
    Optional,
    /// A list; true if its numbers are packed.
    List(bool),
    /// A map with keys of this type.
    Map(Scalar),
}

/// Type of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    /// A number, a text, a truth value or bytes.
    Scalar(Scalar),
    /// An enum, by [`Enum::name`].
    Enum(String),
    /// A message, by [`Message::name`].
    Message(String),
    /// `google.protobuf.Timestamp`: in JSON a text of RFC 3339.
    Timestamp,
    /// `google.protobuf.Duration`: in JSON a text such as `1.5s`.
    Duration,
    /// `google.protobuf.Struct`: any JSON object.
    Object,
    /// `google.protobuf.Value`, or what else has a JSON form of its own: any JSON.
    Any,
}

/// A scalar of protobuf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "named like protobuf's")]
pub(crate) enum Scalar {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Bool,
    String,
    Bytes,
}

/// An enum.
#[derive(Debug)]
pub(crate) struct Enum {
    /// Its name; one within a message has that one's name and an underscore before it.
    pub(crate) name: String,
    /// The comment above it; empty if there is none.
    pub(crate) doc: String,
    /// Its values: name and number, in the order of the file.
    pub(crate) values: Vec<(String, i32)>,
}

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
