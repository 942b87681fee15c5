//! The pipeline as constant tables: what `generated/` fills in and the server runs.

use super::{
    Bad, Block, ColumnSpec, Context, Database, DeadLetter, Group, IdFrom, Ids, Message, Migration,
    Request, Shape, Storage,
};

/// Everything that `pipeline.yaml` and `proto/` say, resolved and checked.
#[derive(Debug)]
pub struct Pipeline {
    /// Changes when a message, a route or a table does; sent along with dead letters.
    pub fingerprint: &'static str,
    /// The compiled `FileDescriptorSet`, for reflection and proto3 JSON.
    pub descriptors: &'static [u8],
    /// Where events come in.
    pub sources: &'static [Source],
    /// Every exchange, declared and derived.
    pub exchanges: &'static [Exchange],
    /// Every queue, declared and derived.
    pub queues: &'static [Queue],
    /// Every destination table.
    pub tables: &'static [&'static Table],
    /// Every HTTP API that messages are forwarded to.
    pub requests: &'static [&'static Request],
    /// The ClickHouse databases beside the usual one, which the server's URL names.
    pub databases: &'static [&'static Database],
    /// The migrations of the usual ClickHouse database, in the order in which they apply.
    pub migrations: &'static [Migration],
    /// The PostgreSQL migrations, in the order in which they apply.
    pub postgres_migrations: &'static [Migration],
    /// The table in which each database remembers which migrations were applied to it.
    pub migrations_table: &'static str,
    /// The exchange (fanout) that gets what no binding matches.
    pub unrouted: &'static str,
}

/// A way in: a gRPC method or an HTTP path, with its pool and where its events go.
#[derive(Debug)]
pub struct Source {
    /// The name in `pipeline.yaml`, used in metrics and environment variables.
    pub name: &'static str,
    /// How events arrive.
    pub intake: Intake,
    /// The exchange that its messages are published to.
    pub exchange: &'static str,
    /// Where messages that are refused at intake go; none if nothing keeps them.
    pub rejects: Option<Route>,
    /// The bounds of its pool.
    pub pool: Pool,
}

/// How a source's events arrive.
#[derive(Debug)]
pub enum Intake {
    /// Batches of typed events over gRPC (and as proto3 JSON over HTTP); the routing key is the type's name.
    Grpc {
        /// Full name of the service, as in `event.EventService`.
        service: &'static str,
        /// Name of the method.
        method: &'static str,
        /// The HTTP path that takes the same request as proto3 JSON.
        json_path: &'static str,
        /// How a batch is laid out.
        envelope: &'static Envelope,
    },
    /// One JSON object a request.
    Post {
        /// The HTTP path.
        path: &'static str,
        /// What the body must look like.
        message: &'static Shape,
        /// Where the routing key comes from.
        routing_key: RoutingKey,
        /// Whether the request's headers are kept beside the body.
        headers: bool,
        /// How a request proves where it comes from; none if anybody may send.
        verify: Option<Verify>,
        /// What the id of its message is made of.
        id: IdFrom,
        /// What is done with a message that can't be stored.
        on_bad: OnBad,
    },
}

/// What a webhook does with a message that can't be stored as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBad {
    /// It keeps the message as a dead letter, and says so: its sender needn't do anything.
    Keep,
    /// It refuses the message, and keeps it too as far as there is room.
    Refuse,
}

/// How a request proves where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Verify {
    /// The environment variable that holds the secret; the one before it is in `VARIABLE_PREVIOUS`.
    pub variable: &'static str,
    /// What is done with it.
    pub scheme: Scheme,
}

/// What a secret is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// HMAC-SHA256 of the raw body under the secret.
    Hmac {
        /// The header that holds it, in lower case.
        header: &'static str,
        /// How it is written.
        encoding: Encoding,
        /// What stands before it.
        prefix: &'static str,
    },
    /// The secret itself, as `Authorization: Bearer`.
    Bearer,
    /// The secret is `user:password`, as `Authorization: Basic`.
    Basic,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Hexadecimal digits, of either case.
    Hex,
    /// Base64 with padding.
    Base64,
}

/// Where a webhook's routing key comes from.
#[derive(Debug)]
pub enum RoutingKey {
    /// Always this one.
    Constant(&'static str),
    /// Computed from the body.
    Computed(fn(&Message<'_>) -> Result<String, Bad>),
}

/// An exchange and a routing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The exchange's name.
    pub exchange: &'static str,
    /// The routing key.
    pub routing_key: &'static str,
}

/// The bounds of a source's pool.
#[derive(Debug, Clone, Copy)]
pub struct Pool {
    /// How many requests are prepared at once.
    pub workers: u16,
    /// How many requests may wait for a worker.
    pub buffer: u32,
    /// How many bytes of requests may be unanswered.
    pub bytes: u64,
    /// How long a request may wait for a place, in milliseconds.
    pub timeout_ms: u64,
    /// The largest request, in bytes.
    pub max_request: u32,
}

/// How a batch of events is laid out on the wire.
#[derive(Debug)]
pub struct Envelope {
    /// Full name of the request message.
    pub message: &'static str,
    /// Field number of the header in the request.
    pub header: u32,
    /// Field number of the repeated events in the request.
    pub events: u32,
    /// Field number of the repeated requests in a broker message (`EventBatch`).
    pub batches: u32,
    /// The request's fields.
    pub request_shape: &'static Shape,
    /// The header's fields.
    pub header_shape: &'static Shape,
    /// An event's fields, the variants of its oneof among them.
    pub event_shape: &'static Shape,
    /// Field number of an event's id, a string.
    pub id: u32,
    /// Field number of an event's timestamp, a string of decimal milliseconds since the epoch.
    pub timestamp: u32,
    /// How the ids of events are made that come without one.
    pub ids: Ids,
    /// The variants of the oneof, by number.
    pub types: &'static [EventType],
}

impl Envelope {
    /// The event type with this field number in the oneof.
    #[inline]
    pub fn event_type(&self, number: u32) -> Option<&'static EventType> {
        // Numbers mostly follow one another, so that a type's place is known from its own.
        let first = self.types.first()?.number;
        let guess = self.types.get(number.checked_sub(first)? as usize);
        if guess.is_some_and(|kind| kind.number == number) {
            return guess;
        }
        let at = self
            .types
            .binary_search_by_key(&number, |t| t.number)
            .ok()?;
        self.types.get(at)
    }
}

/// One variant of the oneof.
#[derive(Debug)]
pub struct EventType {
    /// Its field number in the oneof.
    pub number: u32,
    /// Its message name, which is also its routing key.
    pub name: &'static str,
    /// The fields of its payload.
    pub shape: &'static Shape,
}

/// An exchange; exchanges carry no arguments.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    /// Its name.
    pub name: &'static str,
    /// How it routes.
    pub kind: ExchangeKind,
    /// Whether the generator made it, rather than `pipeline.yaml`.
    pub derived: bool,
}

/// How an exchange routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeKind {
    /// The routing key equals the binding key.
    Direct,
    /// The binding key is a pattern of words: `*` is one word, `#` any number.
    Topic,
    /// Every binding matches.
    Fanout,
}

/// A queue, who works on it and what becomes of its messages.
#[derive(Debug)]
pub struct Queue {
    /// Its name.
    pub name: &'static str,
    /// Replicated (quorum) or classic.
    pub kind: QueueKind,
    /// What it is bound to.
    pub bindings: &'static [Route],
    /// How many workers prepare its messages in one instance.
    pub workers: u16,
    /// How many messages one instance may hold unacknowledged.
    pub prefetch: u16,
    /// How often a message may fail before it is a dead letter.
    pub retries: u8,
    /// Which share of its events, in percent, may become dead letters before it is stopped; 100 never stops it.
    pub breaker: u8,
    /// When a batch goes out.
    pub batch: Batch,
    /// Where dead letters go; only the queues that store dead letters have none.
    pub dead_letter: Option<Route>,
    /// What its messages hold.
    pub input: Input,
    /// What the ids of its JSON objects are made of; [`IdFrom::MessageId`] where a source of ours makes them.
    pub id: IdFrom,
    /// Where they end up.
    pub into: Destination,
    /// Whether the generator made it, rather than `pipeline.yaml`.
    pub derived: bool,
}

/// Where a queue's messages end up.
#[derive(Debug, Clone, Copy)]
pub enum Destination {
    /// In a table, as rows of a batch.
    Table(&'static Table),
    /// At an HTTP API, one by one.
    Request(&'static Request),
}

impl Destination {
    /// Its name in `pipeline.yaml`.
    pub fn name(&self) -> &'static str {
        match self {
            Destination::Table(table) => table.name,
            Destination::Request(request) => request.name,
        }
    }

    /// The table, if it is one.
    pub fn table(&self) -> Option<&'static Table> {
        match self {
            Destination::Table(table) => Some(table),
            Destination::Request(_) => None,
        }
    }
}

/// Replicated or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueKind {
    /// A quorum queue.
    Quorum,
    /// A classic, durable queue.
    Classic,
}

/// When a batch goes out: at the first of these that is reached.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    /// This many rows.
    pub rows: u32,
    /// This many bytes of column data.
    pub bytes: u32,
    /// This old, in milliseconds.
    pub delay_ms: u32,
}

/// What a queue's messages hold.
#[derive(Debug, Clone, Copy)]
pub enum Input {
    /// Batches of typed events.
    Events(&'static Envelope),
    /// One JSON object, or a list of them.
    Json(&'static Shape),
    /// Messages that could not be stored elsewhere, of any kind.
    DeadLetters(&'static Envelope),
}

/// A destination table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What kind of database holds it.
    pub storage: Storage,
    /// Its columns, in the order of the DDL, the block and the documentation.
    pub columns: &'static [ColumnSpec],
    /// How rows get into it.
    pub append: Append,
    /// The full `CREATE TABLE` of its present form.
    pub ddl: &'static str,
}

/// Appends a dead letter.
pub type AppendDeadLetter =
    fn(&mut Block, &DeadLetter<'_>, Option<&Group<'_>>, &Context) -> Result<(), Bad>;

/// How a table's rows are made. Each appends all rows of its input or fails; then the caller rolls the block back.
#[derive(Debug, Clone, Copy)]
pub enum Append {
    /// From events of one type that share a header.
    Events(fn(&mut Block, &Group<'_>, &Context) -> Result<(), Bad>),
    /// From one JSON object.
    Json(fn(&mut Block, &Message<'_>, &Context) -> Result<(), Bad>),
    /// From a message that failed elsewhere, with its event where one can be made out; and which column holds which
    /// field of `error`, by name, where one holds it as it is.
    DeadLetters(AppendDeadLetter, &'static [(&'static str, &'static str)]),
}
