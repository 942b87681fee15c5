//! What senders need to know of the declarations, in terms of no language.

mod read;

use std::collections::{BTreeMap, BTreeSet};

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
