//! A small schema that holds every kind of field: as prost types, which are the oracle, and as shapes.

use std::collections::HashMap;

use event_grpc::contract::{Envelope, EventType, Field, Ids, Kind, Label, Shape};

/// The request, as far as its framing and its header go: events stay bytes.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Framing {
    #[prost(message, optional, tag = "4")]
    pub header: Option<Header>,
    #[prost(bytes = "vec", repeated, tag = "5")]
    pub events: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Events {
    #[prost(message, optional, tag = "4")]
    pub header: Option<Header>,
    #[prost(message, repeated, tag = "5")]
    pub events: Vec<Event>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct EventBatch {
    #[prost(message, repeated, tag = "1")]
    pub batches: Vec<Events>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Header {
    #[prost(string, tag = "5")]
    pub session: String,
    #[prost(int64, tag = "6")]
    pub device: i64,
    #[prost(message, optional, tag = "7")]
    pub tree: Option<Tree>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Event {
    #[prost(string, tag = "4")]
    pub id: String,
    #[prost(string, tag = "5")]
    pub timestamp: String,
    #[prost(string, tag = "6")]
    pub url: String,
    #[prost(oneof = "EventOf", tags = "9, 10, 11")]
    pub event_of: Option<EventOf>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum EventOf {
    #[prost(message, tag = "9")]
    All(Box<All>),
    #[prost(message, tag = "10")]
    Tree(Tree),
    #[prost(message, tag = "11")]
    Empty(Empty),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Empty {}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Tree {
    #[prost(message, repeated, tag = "1")]
    pub children: Vec<Tree>,
    #[prost(string, tag = "2")]
    pub name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct All {
    #[prost(double, tag = "1")]
    pub double: f64,
    #[prost(float, tag = "2")]
    pub float: f32,
    #[prost(int32, tag = "3")]
    pub int32: i32,
    #[prost(uint64, optional, tag = "4")]
    pub uint64: Option<u64>,
    #[prost(sint32, tag = "5")]
    pub sint32: i32,
    #[prost(fixed64, tag = "6")]
    pub fixed64: u64,
    #[prost(bool, tag = "7")]
    pub bool: bool,
    #[prost(string, repeated, tag = "8")]
    pub strings: Vec<String>,
    #[prost(bytes = "vec", tag = "9")]
    pub bytes: Vec<u8>,
    #[prost(int64, repeated, tag = "10")]
    pub packed: Vec<i64>,
    #[prost(sfixed32, repeated, tag = "11")]
    pub packed_fixed: Vec<i32>,
    #[prost(map = "string, string", tag = "12")]
    pub texts: HashMap<String, String>,
    #[prost(map = "int32, message", tag = "13")]
    pub trees: HashMap<i32, Tree>,
    #[prost(message, optional, tag = "14")]
    pub at: Option<prost_types::Timestamp>,
    #[prost(message, optional, tag = "15")]
    pub data: Option<prost_types::Struct>,
    #[prost(oneof = "Choice", tags = "16, 17")]
    pub choice: Option<Choice>,
    #[prost(bytes = "vec", repeated, tag = "300")]
    pub blobs: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum Choice {
    #[prost(string, tag = "16")]
    Text(String),
    #[prost(message, tag = "17")]
    Tree(Tree),
}

const fn field(number: u32, name: &'static str, kind: Kind, label: Label) -> Field {
    Field {
        number,
        name,
        json_name: name,
        kind,
        label,
    }
}

const fn shape(fields: &'static [Field]) -> Shape {
    Shape {
        name: "test.Message",
        fields,
        dense: &[],
        any_of: &[],
        retired: &[],
    }
}

const ONE: Label = Label::Implicit;
const MANY: Label = Label::Repeated;

static TREE: Shape = Shape {
    name: "test.Tree",
    fields: &[
        field(1, "children", Kind::Message(&TREE), MANY),
        field(2, "name", Kind::String, ONE),
    ],
    dense: &[0, 1, 2],
    any_of: &[],
    retired: &[],
};
static TEXTS: Shape = shape(&[
    field(1, "key", Kind::String, ONE),
    field(2, "value", Kind::String, ONE),
]);
static TREES: Shape = shape(&[
    field(1, "key", Kind::Int32, ONE),
    field(2, "value", Kind::Message(&TREE), ONE),
]);
static TIMESTAMP: Shape = shape(&[
    field(1, "seconds", Kind::Int64, ONE),
    field(2, "nanos", Kind::Int32, ONE),
]);
static STRUCT: Shape = shape(&[field(1, "fields", Kind::Map(&STRUCT_ENTRY), MANY)]);
static STRUCT_ENTRY: Shape = shape(&[
    field(1, "key", Kind::String, ONE),
    field(2, "value", Kind::Message(&VALUE), ONE),
]);
static VALUE: Shape = shape(&[
    field(
        1,
        "nullValue",
        Kind::Enum(&[(0, "NULL_VALUE")]),
        Label::Oneof(0),
    ),
    field(2, "numberValue", Kind::Double, Label::Oneof(0)),
    field(3, "stringValue", Kind::String, Label::Oneof(0)),
    field(4, "boolValue", Kind::Bool, Label::Oneof(0)),
    field(5, "structValue", Kind::Struct(&STRUCT), Label::Oneof(0)),
    field(6, "listValue", Kind::Message(&LIST), Label::Oneof(0)),
]);
static LIST: Shape = shape(&[field(1, "values", Kind::Message(&VALUE), MANY)]);
static ALL: Shape = Shape {
    name: "test.All",
    fields: ALL_FIELDS,
    // The last field is beyond the table and is searched.
    dense: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    any_of: &[],
    retired: &[],
};
const ALL_FIELDS: &[Field] = &[
    field(1, "double", Kind::Double, ONE),
    field(2, "float", Kind::Float, ONE),
    field(3, "int32", Kind::Int32, ONE),
    field(4, "uint64", Kind::Uint64, Label::Optional),
    field(5, "sint32", Kind::Sint32, ONE),
    field(6, "fixed64", Kind::Fixed64, ONE),
    field(7, "bool", Kind::Bool, ONE),
    field(8, "strings", Kind::String, MANY),
    field(9, "bytes", Kind::Bytes, ONE),
    field(10, "packed", Kind::Int64, MANY),
    field(11, "packedFixed", Kind::Sfixed32, MANY),
    field(12, "texts", Kind::Map(&TEXTS), MANY),
    field(13, "trees", Kind::Map(&TREES), MANY),
    field(14, "at", Kind::Timestamp(&TIMESTAMP), Label::Optional),
    field(15, "data", Kind::Struct(&STRUCT), Label::Optional),
    field(16, "text", Kind::String, Label::Oneof(0)),
    field(17, "tree", Kind::Message(&TREE), Label::Oneof(0)),
    field(300, "blobs", Kind::Bytes, MANY),
];
static EMPTY: Shape = shape(&[]);
static HEADER: Shape = shape(&[
    field(5, "session", Kind::String, ONE),
    field(6, "device", Kind::Int64, ONE),
    field(7, "tree", Kind::Message(&TREE), Label::Optional),
]);
static EVENT: Shape = shape(&[
    field(4, "id", Kind::String, ONE),
    field(5, "timestamp", Kind::String, ONE),
    field(6, "url", Kind::String, ONE),
    field(9, "all", Kind::Message(&ALL), Label::Oneof(0)),
    field(10, "tree", Kind::Message(&TREE), Label::Oneof(0)),
    field(11, "empty", Kind::Message(&EMPTY), Label::Oneof(0)),
]);

static REQUEST: Shape = shape(&[
    field(4, "header", Kind::Message(&HEADER), Label::Optional),
    field(5, "events", Kind::Message(&EVENT), MANY),
]);

/// The layout of [`Framing`] and [`Events`].
pub(crate) static ENVELOPE: Envelope = Envelope {
    message: "test.Events",
    header: 4,
    events: 5,
    batches: 1,
    request_shape: &REQUEST,
    header_shape: &HEADER,
    event_shape: &EVENT,
    id: 4,
    timestamp: 5,
    ids: Ids::Bytes,
    types: &[
        EventType {
            number: 9,
            name: "All",
            shape: &ALL,
        },
        EventType {
            number: 10,
            name: "Tree",
            shape: &TREE,
        },
        EventType {
            number: 11,
            name: "Empty",
            shape: &EMPTY,
        },
    ],
};
