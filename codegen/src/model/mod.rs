//! The pipeline as meant: resolved, typed and checked. The only thing that the emitters see.

mod changes;
mod cluster;
mod comments;
mod dead_letter;
mod destination;
mod field;
mod function;
mod ids;
mod partitions;
mod request;
mod source;
mod store;
pub(crate) mod types;

pub use changes::{Accepted, Renamed, Retired};
pub use cluster::{Cluster, Ddl, ShardColumn, Sharding, of_shard};
pub use comments::Comments;
pub use dead_letter::ErrorField;
pub use destination::Destination;
pub use field::field_type;
pub use function::{Argument, Function};
pub use ids::Ids;
pub(crate) use partitions::lcm;
pub use partitions::{PartitionKey, Partitions};
pub use request::{Member, Piece, Rate, Request, Target, Template, To};
pub use source::{
    Auth, Cors, Encoding, IdFrom, Intake, OnBad, Pool, RoutingKey, Scheme, SecretForm, Signature,
    SignatureForm, Signed, SignedTime, Source, Verify,
};
pub use store::{ClickHouse, HookColumn, Postgres, Store, StoreKind};
pub use types::Type;

use std::collections::BTreeMap;

use prost_reflect::{DescriptorPool, FieldDescriptor, MessageDescriptor};

/// Everything that there is to generate.
#[derive(Debug, Clone)]
pub struct Model {
    /// The compiled proto files.
    pub pool: DescriptorPool,
    /// The compiled proto files as an encoded `FileDescriptorSet`.
    pub descriptors: Vec<u8>,
    /// The envelope of app events, shared by the gRPC source and its tables.
    pub envelope: Option<Envelope>,
    /// Sources of events, in the order of the file.
    pub sources: Vec<Source>,
    /// Exchanges, declared ones in the order of the file, then derived ones.
    pub exchanges: Vec<Exchange>,
    /// Queues, declared ones in the order of the file, then derived ones.
    pub queues: Vec<Queue>,
    /// The ClickHouse databases beside the usual one, in the order of the file.
    pub databases: Vec<Database>,
    /// The table in which each database remembers what was applied to it.
    pub migrations_table: String,
    /// Tables in the order of the file.
    pub tables: Vec<Table>,
    /// Requests in the order of the file.
    pub requests: Vec<Request>,
    /// JSON messages of which one of some fields has to be there.
    pub any_of: Vec<(MessageDescriptor, Vec<String>)>,
    /// The fanout exchange for messages that no binding matches; its queue stores into the dead-letter table.
    pub unrouted: String,
    /// Changes of contracts that are meant.
    pub accepted: Vec<Accepted>,
    /// What was declared and isn't any more.
    pub retired: Vec<Retired>,
    /// What had another name before, tables first.
    pub renamed: Vec<Renamed>,
    /// Languages that libraries for senders are written for.
    pub clients: Vec<Client>,
    /// Fields that are masked where operators look at events: names, and paths whose last names count.
    pub personal: Vec<String>,
    /// Address that stands before the paths of the runbook in alerts, with a slash at its end; empty for none.
    pub runbooks: String,
}

/// A library for senders, or a description that one can be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Client {
    /// The HTTP paths, described.
    OpenApi,
    /// TypeScript and JavaScript.
    TypeScript,
    /// Java and Kotlin.
    Java,
    /// Python.
    Python,
    /// Go.
    Go,
    /// Rust.
    Rust,
}

/// Layout of a batch of app events.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The request message (`event.Events`).
    pub request: MessageDescriptor,
    /// The message whose repeated field holds requests in a broker message (`event.EventBatch`).
    pub batch: MessageDescriptor,
    /// Field numbers: header and events in the request, requests in the batch, id and timestamp in an event.
    pub header: u32,
    /// See `header`.
    pub events: u32,
    /// See `header`.
    pub batches: u32,
    /// See `header`.
    pub id: u32,
    /// See `header`.
    pub timestamp: u32,
    /// The header's message.
    pub header_message: MessageDescriptor,
    /// The event's message.
    pub event_message: MessageDescriptor,
    /// Version of the ids of events that come without one.
    pub ids: Ids,
    /// The event's own fields by ascending number: without the oneof's variants.
    pub fields: Vec<FieldDescriptor>,
    /// The oneof's variants by ascending number: number and message.
    pub types: Vec<(u32, MessageDescriptor)>,
}

/// Exchange and routing key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The exchange.
    pub exchange: String,
    /// The routing (or binding) key.
    pub routing_key: String,
}

/// An exchange.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Its name.
    pub name: String,
    /// `direct`, `topic` or `fanout`.
    pub kind: ExchangeKind,
    /// Made by the generator.
    pub derived: bool,
}

/// Type of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeKind {
    /// Equal keys.
    Direct,
    /// Patterns of words.
    Topic,
    /// Everything.
    Fanout,
}

/// A queue.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// `x-queue-type: quorum`, or classic without arguments.
    pub quorum: bool,
    /// Kafka topic that carries its messages, if it isn't RabbitMQ that does.
    pub topic: Option<Topic>,
    /// Kafka topic of other services that its messages come from.
    pub foreign: Option<Foreign>,
    /// Bindings.
    pub bindings: Vec<Route>,
    /// Workers an instance.
    pub workers: u16,
    /// Unacknowledged messages an instance.
    pub prefetch: u16,
    /// Failures before a dead letter.
    pub retries: u8,
    /// The share of dead letters, in percent, that stops it; 100 never does.
    pub breaker: u8,
    /// When a batch goes out.
    pub batch: Batch,
    /// Route of dead letters; none only if `input` is `DeadLetters`.
    pub dead_letter: Option<Route>,
    /// Content of its messages.
    pub input: Input,
    /// Rule for the ids of its JSON messages.
    pub id: IdFrom,
    /// Destination of its messages.
    pub into: Destination,
    /// Made by the generator.
    pub derived: bool,
    /// Its partitions.
    pub partitions: Option<Partitions>,
    /// The key of the partitions of its topic, in which Kafka keeps the order of messages.
    pub topic_key: Option<PartitionKey>,
}

/// A Kafka topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Partitions.
    pub partitions: u16,
    /// Replication factor.
    pub replicas: u8,
    /// How long messages are kept, in milliseconds.
    pub retention_ms: u64,
    /// True if other services publish to the queue's exchanges, from where a bridge moves their messages.
    pub bridged: bool,
}

/// A Kafka topic of other services. The topic of retries beside it, which is ours, has the name of the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// Its name.
    pub topic: String,
    /// Format of its values.
    pub format: Format,
}

/// Format of the values of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    Json,
    /// The protobuf message of the queue.
    Protobuf,
}

/// When a batch goes out.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    /// Rows.
    pub rows: u32,
    /// Bytes of column data.
    pub bytes: u32,
    /// Age.
    pub delay_ms: u32,
}

/// Input of a queue or a table.
#[derive(Debug, Clone)]
pub enum Input {
    /// App events.
    Events,
    /// One JSON object.
    Json(MessageDescriptor),
    /// Messages that failed elsewhere.
    DeadLetters,
}

/// A ClickHouse database beside the usual one.
#[derive(Debug, Clone)]
pub struct Database {
    /// Its name, here and on the server.
    pub name: String,
    /// The comment above it in the YAML file, joined to one paragraph; empty if there is none.
    pub doc: String,
    /// The server that it is on.
    pub server: String,
}

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The comment above it in the YAML file, joined to one paragraph; empty if there is none.
    pub doc: String,
    /// The store that it is in, and what it has of its own there.
    pub store: Store,
    /// Input of its rows.
    pub input: Input,
    /// For `Input::Events`: the field numbers of the event types that it takes, ascending; all of them for a
    /// table that takes every type.
    pub types: Vec<u32>,
    /// True if it takes every type of the envelope, also ones added later.
    pub every_type: bool,
    /// Its columns in order, wildcards expanded.
    pub columns: Vec<Column>,
    /// The longest texts of columns, by name.
    pub limits: BTreeMap<String, TextLimit>,
}

/// Longest text of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextLimit {
    /// Its length.
    pub bytes: u32,
    /// True if a longer one is refused, rather than told of.
    pub enforce: bool,
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Source of its values.
    pub from: ColumnSource,
    /// One line for people: the expression as written, or the wildcard's field.
    pub written: String,
    /// The comment on the field in the proto file; empty if there is none.
    pub doc: String,
}

/// Source of the values of a column, or of a part of a request.
#[derive(Debug, Clone)]
pub enum ColumnSource {
    /// The same value for every input.
    Value(Value),
    /// By event type (field number of the oneof): a field of the payload; types that lack it get the default.
    ByType(BTreeMap<u32, Value>),
}

impl ColumnSource {
    /// Its values, by ascending number of their event types.
    pub fn values(&self) -> Vec<&Value> {
        match self {
            ColumnSource::Value(value) => vec![value],
            ColumnSource::ByType(values) => values.values().collect(),
        }
    }
}

/// A typed expression: a root and the functions that it goes through.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// Root of the expression.
    pub root: Root,
    /// Functions in the order of application.
    pub functions: Vec<Function>,
    /// The ClickHouse type of the result.
    pub ty: Type,
}

/// Root of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Root {
    /// `$now`: the server's clock when the row is made.
    Now,
    /// `$type`: the event type's name.
    TypeName,
    /// `$id`: the id of a JSON message.
    Id,
    /// `$received`: when a JSON message was sent, or else came.
    Received,
    /// `$payload`: the payload message, whichever type it is.
    Payload,
    /// `header.a.b`: fields from the header down; none for all of it, in requests.
    Header(Vec<prost_reflect::FieldDescriptor>),
    /// `event.a`: fields from the event down, likewise.
    Event(Vec<prost_reflect::FieldDescriptor>),
    /// `payload.a.b`, or a field of a wildcard over the payload.
    PayloadField(Vec<prost_reflect::FieldDescriptor>),
    /// `body.a.b`: fields of a JSON message.
    Body(Vec<prost_reflect::FieldDescriptor>),
    /// `body.a."b"`: a value inside a Struct of a JSON message, whose type a function says.
    Untyped {
        /// The fields down to the Struct; never empty.
        fields: Vec<prost_reflect::FieldDescriptor>,
        /// The keys inside of it; never empty.
        keys: Vec<String>,
    },
    /// `$headers`: the headers of a JSON message, as an object.
    Headers,
    /// `$headers."name"`: one of them.
    HeaderOf(String),
    /// `"text"`: always this.
    Constant(String),
    /// `body`: the whole JSON message.
    WholeBody,
    /// `error.NAME`: what is known of a dead letter.
    Error(ErrorField),
    /// `$client`: the proved name of the sender of events.
    ClientOfEvents,
    /// `$client`: the proved name of the sender of a JSON message.
    ClientOfMessage,
    /// `$unknown`: what the build doesn't know of the input, as a flat JSON object.
    Unknown,
}

// === impl Format ===

impl Format {
    /// Its name in `pipeline.yaml`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Protobuf => "protobuf",
        }
    }
}
