//! `pipeline.yaml` as written: names are still names, nothing is looked up, nothing is filled in.
//!
//! `docs/pipeline.md` is the manual of these fields. A value that could not be read is absent here and has been
//! reported, so that later phases go on with the rest.

mod changes;
mod clients;
mod cluster;
mod columns;
mod cors;
mod ids;
mod kafka;
mod limits;
mod ops;
mod partitions;
mod read;
mod renamed;
mod request;
mod routes;
mod scalars;
mod store;
mod verify;
mod webhook;
mod whole;

pub(crate) use cluster::Cluster;
pub(crate) use columns::Column;
pub(crate) use cors::Cors;
pub(crate) use kafka::Kafka;
pub(crate) use limits::{Limits, OFF};
pub(crate) use ops::{ANYWHERE, Ops};
pub(crate) use partitions::Partitions;
use read::read;
pub(crate) use request::{Request, Target, To};
pub(crate) use scalars::{Fields, texts, wrong};
pub(crate) use store::{InStore, Stores};
pub(crate) use verify::{Verify, Way};

use std::path::Path;

use crate::base::diagnostic::{Diagnostics, Sources, Span};
use crate::model::{Accepted, Auth, Client, ExchangeKind, Ids, OnBad, Retired};
use crate::rules::reading::YAML_SYNTAX;
use crate::syntax::file;
use crate::syntax::yaml::{self, Text};

/// Reads `pipeline.yaml` of a project, whose tables are in these stores.
pub(crate) fn load(
    root: &Path,
    stores: Stores,
    sources: &mut Sources,
    found: &mut Diagnostics,
) -> Option<Spec> {
    const NAME: &str = "pipeline.yaml";
    let file = file::read(root, NAME, &YAML_SYNTAX, sources, found)?;
    let text = &sources.file(file)?.text;
    let node = yaml::parse(file, text, found)?;
    let spec = read(&node, stores, found);
    whole::can_be_judged(&spec, found).then_some(spec)
}

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Located<T> {
    /// The value.
    pub(crate) value: T,
    /// Its place.
    pub(crate) span: Span,
}

/// The whole file.
#[derive(Debug, Default)]
pub(crate) struct Spec {
    /// Sources of events.
    pub(crate) sources: Vec<Source>,
    /// The exchanges and how they route.
    pub(crate) exchanges: Vec<Exchange>,
    /// Version of the ids of app events that come without one.
    pub(crate) ids: Option<Located<Ids>>,
    /// Rules for JSON messages.
    pub(crate) messages: Vec<Message>,
    /// Defaults of queues.
    pub(crate) defaults: Settings,
    /// Defaults of tables.
    pub(crate) table_defaults: TableDefaults,
    /// The queues.
    pub(crate) queues: Vec<Queue>,
    /// `cluster: { ... }`: the one that the usual ClickHouse database is spread over.
    pub(crate) cluster: Option<Cluster>,
    /// The ClickHouse databases beside the usual one.
    pub(crate) databases: Vec<Database>,
    /// `migrations: { table: NAME }`: where each database remembers what was applied to it.
    pub(crate) migrations_table: Option<Text>,
    /// The tables.
    pub(crate) tables: Vec<Table>,
    /// HTTP APIs that messages are forwarded to.
    pub(crate) requests: Vec<Request>,
    /// `accepts: [{ change, why }, ...]`: changes of contracts that are meant.
    pub(crate) accepts: Vec<Accepted>,
    /// `retired: [{ queue: NAME, since, why }, ...]`: what was declared and isn't any more.
    pub(crate) retired: Vec<Retired>,
    /// `clients: [LANGUAGE, ...]`: libraries for senders, in order and each once.
    pub(crate) clients: Vec<Client>,
    /// `personal: [FIELD, ...]`: fields that are masked where operators look at events.
    pub(crate) personal: Vec<Text>,
    /// `ops: { ... }`: what operators get.
    pub(crate) ops: Ops,
    /// The place of the file's last byte, for what is missing altogether.
    pub(crate) end: Option<Span>,
}

/// `sources: { NAME: ... }`.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its name.
    pub(crate) name: Text,
    /// `grpc: package.Service/method`.
    pub(crate) grpc: Option<Text>,
    /// `json: /path` that takes the gRPC request as proto3 JSON.
    pub(crate) json: Option<Text>,
    /// `post: /path` of a webhook.
    pub(crate) post: Option<Text>,
    /// `message: package.Message` that a webhook posts.
    pub(crate) message: Option<Text>,
    /// `exchange: NAME` that it publishes to.
    pub(crate) exchange: Option<Text>,
    /// `routing_key: KEY` of a webhook's messages.
    pub(crate) routing_key: Option<Text>,
    /// `routing_key_from: EXPRESSION` instead, over the body.
    pub(crate) routing_key_from: Option<Text>,
    /// `headers: true`, which keeps the headers of a webhook's requests: the place of the key.
    pub(crate) headers: Option<Span>,
    /// `auth: keys` or `none`: who may send.
    pub(crate) auth: Option<Located<Auth>>,
    /// `verify: none` or `{ ... }`: how a webhook's requests prove where they come from.
    pub(crate) verify: Option<Verify>,
    /// `id: ...`: what tells a webhook's messages apart.
    pub(crate) id: Option<Id>,
    /// `on_bad: keep` or `refuse`, of a webhook.
    pub(crate) on_bad: Option<Located<OnBad>>,
    /// `rejects: EXCHANGE` that keeps the events refused at intake.
    pub(crate) rejects: Option<Text>,
    /// `pool: { ... }`.
    pub(crate) pool: Pool,
    /// `cors: { ... }`.
    pub(crate) cors: Option<Cors>,
}

/// `pool: { workers, buffer, bytes, timeout, max_request }`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool {
    /// Requests prepared at once.
    pub(crate) workers: Option<Located<u64>>,
    /// Requests that may wait for a worker.
    pub(crate) buffer: Option<Located<u64>>,
    /// Bytes of requests that may be unanswered.
    pub(crate) bytes: Option<Located<u64>>,
    /// Timeout of a waiting request, in milliseconds.
    pub(crate) timeout: Option<Located<u64>>,
    /// The largest request in bytes.
    pub(crate) max_request: Option<Located<u64>>,
}

/// `id: request`, `message_id`, `{ header: NAME }` or `{ fields: [body.FIELD, ...] }`.
#[derive(Debug)]
pub(crate) struct Id {
    /// The place of the key.
    pub(crate) span: Span,
    /// The ways, of which there should be one; none if what is written could not be read, which is reported then.
    pub(crate) ways: Option<Vec<IdWay>>,
}

/// A way to tell messages apart, as written.
#[derive(Debug)]
pub(crate) enum IdWay {
    /// `request`: the place of the word.
    Request(Span),
    /// `message_id`: the place of the word.
    MessageId(Span),
    /// `header: NAME`.
    Header(Text),
    /// `fields: [body.FIELD, ...]`.
    Fields(Vec<Text>),
}

/// `messages: { NAME: { any_of: [FIELD, FIELD] } }`.
#[derive(Debug)]
pub(crate) struct Message {
    /// Its full name.
    pub(crate) name: Text,
    /// The fields of which one must be there.
    pub(crate) any_of: Vec<Text>,
}

/// `exchanges: { NAME: KIND }`.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// Its name.
    pub(crate) name: Text,
    /// Type; absent if it could not be parsed.
    pub(crate) kind: Option<ExchangeKind>,
}

/// `defaults: { tables: { engine, partition_by, indexes, columns, limits } }`.
#[derive(Debug, Default)]
pub(crate) struct TableDefaults {
    /// The engine of tables that name none.
    pub(crate) engine: Option<Text>,
    /// The partitions of tables that name none and have its columns.
    pub(crate) partition_by: Option<Text>,
    /// The columns that tables have indexes for, where they have these columns.
    pub(crate) indexes: Vec<Text>,
    /// Columns at the end of tables that have none of their name.
    pub(crate) columns: Vec<Column>,
    /// The longest texts of tables that say nothing else.
    pub(crate) limits: Limits,
}

/// Settings that `defaults`, a queue and a typed table's `queue` share.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// `type: quorum` or `classic`.
    pub(crate) quorum: Option<Located<bool>>,
    /// Workers an instance.
    pub(crate) workers: Option<Located<u64>>,
    /// Unacknowledged messages an instance.
    pub(crate) prefetch: Option<Located<u64>>,
    /// Failures before a dead letter.
    pub(crate) retries: Option<Located<u64>>,
    /// The share of dead letters, in percent, that stops it.
    pub(crate) breaker: Option<Located<u64>>,
    /// `batch: { rows }`.
    pub(crate) rows: Option<Located<u64>>,
    /// `batch: { bytes }`.
    pub(crate) bytes: Option<Located<u64>>,
    /// `batch: { delay }` in milliseconds.
    pub(crate) delay: Option<Located<u64>>,
}

/// `queues: { NAME: ... }`.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Its name.
    pub(crate) name: Text,
    /// `bind: { EXCHANGE: KEY }` or `{ EXCHANGE: [KEY, KEY] }`.
    pub(crate) bind: Vec<Binding>,
    /// `message: package.Message`, where no source tells what its messages hold.
    pub(crate) message: Option<Text>,
    /// `id: ...`: what tells the JSON messages of other services apart.
    pub(crate) id: Option<Id>,
    /// Its settings.
    pub(crate) settings: Settings,
    /// `kafka: ...`: Kafka carries its messages.
    pub(crate) kafka: Option<Kafka>,
    /// `dead_letter: EXCHANGE` or `{ exchange, routing_key }`.
    pub(crate) dead_letter: Option<DeadLetter>,
    /// `into: TABLE` or `into: REQUEST`.
    pub(crate) into: Option<Text>,
    /// `renamed_from: NAME`: the name that it had before.
    pub(crate) renamed_from: Option<Text>,
    /// Its partitions.
    pub(crate) partitions: Partitions,
}

/// A binding.
#[derive(Debug)]
pub(crate) struct Binding {
    /// The exchange.
    pub(crate) exchange: Text,
    /// The binding key.
    pub(crate) key: Text,
}

/// Route of dead letters.
#[derive(Debug)]
pub(crate) struct DeadLetter {
    /// The exchange.
    pub(crate) exchange: Text,
    /// The routing key; `error.QUEUE` if absent.
    pub(crate) routing_key: Option<Text>,
}

/// `databases: { NAME: SERVER }` or `{ NAME: { server, cluster } }`.
#[derive(Debug)]
pub(crate) struct Database {
    /// Its name, here and on the server.
    pub(crate) name: Text,
    /// The comment above it.
    pub(crate) doc: String,
    /// The server that it is on; absent if it could not be read.
    pub(crate) server: Option<Text>,
    /// `cluster: { ... }` that it is spread over.
    pub(crate) cluster: Option<Cluster>,
}

/// `tables: { NAME: ... }`.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its name.
    pub(crate) name: Text,
    /// The comment above it.
    pub(crate) doc: String,
    /// `store: NAME`, and what only tables there say.
    pub(crate) store: InStore,
    /// `events: [TYPE, ...]`, which makes it a typed table with a queue of its own.
    pub(crate) events: Option<Vec<Text>>,
    /// `queue: { ... }` of a typed table: the place of the key.
    pub(crate) queue: Option<OwnQueue>,
    /// `dead_letters: true`: the place of the key.
    pub(crate) dead_letters: Option<Span>,
    /// `replaces: true`: the place of the key.
    pub(crate) replaces: Option<Span>,
    /// `columns: { NAME: EXPRESSION }`.
    pub(crate) columns: Vec<Column>,
    /// `limits: { ... }`.
    pub(crate) limits: Limits,
    /// `ignore: [PATH, ...]`.
    pub(crate) ignore: Vec<Text>,
    /// `renamed_from: NAME`: the name that it had before.
    pub(crate) renamed_from: Option<Text>,
}

/// `queue: { ... }` of a typed table.
#[derive(Debug)]
pub(crate) struct OwnQueue {
    /// The place of the key.
    pub(crate) span: Span,
    /// Its settings.
    pub(crate) settings: Settings,
    /// `kafka: ...`: Kafka carries its messages.
    pub(crate) kafka: Option<Kafka>,
    /// Route of its dead letters.
    pub(crate) dead_letter: Option<DeadLetter>,
    /// Its partitions.
    pub(crate) partitions: Partitions,
}

// === impl Spec ===

impl Spec {
    /// The exchange with this name.
    pub(crate) fn exchange(&self, name: &str) -> Option<&Exchange> {
        self.exchanges.iter().find(|e| e.name.value == name)
    }

    /// The cluster that a ClickHouse database is spread over; no name is the usual database.
    pub(crate) fn cluster(&self, database: Option<&str>) -> Option<&Cluster> {
        match database {
            None => self.cluster.as_ref(),
            Some(name) => {
                let found = self.databases.iter().find(|d| d.name.value == name)?;
                found.cluster.as_ref()
            }
        }
    }

    /// The queue with this name.
    pub(crate) fn queue(&self, name: &str) -> Option<&Queue> {
        self.queues.iter().find(|q| q.name.value == name)
    }
}

// === impl Pool ===

impl Pool {
    /// Fills missing settings from others.
    pub(crate) fn or(self, others: &Pool) -> Pool {
        Pool {
            workers: self.workers.or_else(|| others.workers.clone()),
            buffer: self.buffer.or_else(|| others.buffer.clone()),
            bytes: self.bytes.or_else(|| others.bytes.clone()),
            timeout: self.timeout.or_else(|| others.timeout.clone()),
            max_request: self.max_request.or_else(|| others.max_request.clone()),
        }
    }
}

// === impl Table ===

impl Table {
    /// The name of the queue that the table has of its own, if it is a typed one.
    pub(crate) fn queue_name(&self) -> String {
        format!("{}_{}_q", self.store.kind.name, self.name.value)
    }

    /// The explicit column with this name.
    pub(crate) fn column(&self, column: &str) -> Option<&Text> {
        self.columns.iter().find_map(|c| match c {
            Column::Explicit { name, .. } | Column::Hook { name, .. } if name.value == column => {
                Some(name)
            }
            _ => None,
        })
    }
}
