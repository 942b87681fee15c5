//! Names to what they name: the declarations as written become a pipeline that may still break rules.
//!
//! What can't be resolved is reported and left out, so that the rules judge the rest. `lower.rs` turns a pipeline
//! without mistakes into the `Model`.

mod columns;
mod cors;
mod envelope;
mod identity;
mod inputs;
mod kafka;
mod limits;
mod lower;
mod messages;
pub(crate) mod partitions;
mod queues;
mod records;
mod requests;
pub(crate) mod routing;
mod sources;
mod statuses;
pub(crate) mod typing;
mod verify;

pub(crate) use limits::{is_text, limits};
pub(crate) use lower::lower;

use prost_reflect::MessageDescriptor;

use crate::base::diagnostic::{Diagnostics, Span};
use crate::model::{self, Envelope, ExchangeKind, Input, Intake, Route};
use crate::store::Declared;
pub(crate) use crate::store::typed::Column;
use crate::store::typed::TypedTable;
pub(crate) use crate::store::typed::repeated;
use crate::syntax::proto::Proto;
use crate::syntax::spec::{self, Cluster, Located, Spec};
use typing::Scope;

/// The pipeline with every name looked up.
#[derive(Debug)]
pub(crate) struct Resolved<'a> {
    /// The declarations.
    pub(crate) spec: &'a Spec,
    /// The messages.
    pub(crate) proto: &'a Proto,
    /// The envelope of app events, if a source takes them.
    pub(crate) envelope: Option<Envelope>,
    /// In the order of the file.
    pub(crate) sources: Vec<Source<'a>>,
    /// Declared queues in the order of the file, then those of typed tables, the derived error queues, and those of shards.
    pub(crate) queues: Vec<Queue>,
    /// In the order of the file.
    pub(crate) tables: Vec<Table<'a>>,
    /// In the order of the file; none for one with mistakes.
    pub(crate) requests: Vec<Option<model::Request>>,
    /// JSON messages of which one of some fields has to be there, with the place of the name.
    pub(crate) any_of: Vec<Located<(MessageDescriptor, Vec<String>)>>,
}

/// A source.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    /// Declaration.
    pub(crate) spec: &'a spec::Source,
    /// Intake of its events.
    pub(crate) intake: Option<Intake>,
    /// Route of refused events.
    pub(crate) rejects: Option<Located<Route>>,
    /// Pages that may send from other origins.
    pub(crate) cors: Option<model::Cors>,
}

/// A queue.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Its name.
    pub(crate) name: String,
    /// The place to point at: its name, or what it was derived from.
    pub(crate) place: Option<Span>,
    /// Bindings, and their positions.
    pub(crate) bindings: Vec<Located<Route>>,
    /// Kafka topic that carries its messages, and the place of `kafka`.
    pub(crate) kafka: Option<(Topic, Span)>,
    /// Kafka topic of other services that its messages come from.
    pub(crate) foreign: Option<model::Foreign>,
    /// The place of its own `type`.
    pub(crate) typed: Option<Span>,
    /// Route of its dead letters.
    pub(crate) dead_letter: Option<Located<Route>>,
    /// Its settings, with defaults filled in.
    pub(crate) settings: Settings,
    /// Content of its messages.
    pub(crate) input: Option<Input>,
    /// Rule for the ids of its JSON messages.
    pub(crate) id: model::IdFrom,
    /// Destination; none if it isn't known.
    pub(crate) into: Option<model::Destination>,
    /// True if the generator made it.
    pub(crate) derived: bool,
    /// Its partitions.
    pub(crate) partitions: Option<partitions::Declared>,
}

/// A Kafka topic, with defaults filled in.
#[derive(Debug)]
pub(crate) struct Topic {
    /// Its name.
    pub(crate) name: String,
    /// The place of its name, if it has one of its own.
    pub(crate) named: Option<Span>,
    /// See `model::Topic`.
    pub(crate) partitions: u64,
    /// See `model::Topic`.
    pub(crate) replicas: u64,
    /// See `model::Topic`.
    pub(crate) retention_ms: u64,
    /// See `model::Topic`.
    pub(crate) bridged: bool,
    /// True if the messages come from a topic of other services, and this is the one of retries.
    pub(crate) foreign: bool,
}

/// A queue's settings with their places; a default has none.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// See `model::Queue`.
    pub(crate) quorum: bool,
    /// See `model::Queue`.
    pub(crate) workers: u64,
    /// None until it is derived.
    pub(crate) prefetch: Option<Located<u64>>,
    /// See `model::Queue`.
    pub(crate) retries: u64,
    /// See `model::Queue`.
    pub(crate) breaker: u64,
    /// See `model::Batch`.
    pub(crate) rows: (u64, Option<Span>),
    /// See `model::Batch`.
    pub(crate) bytes: u64,
    /// See `model::Batch`.
    pub(crate) delay_ms: u64,
}

/// A table.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    /// Declaration.
    pub(crate) spec: &'a spec::Table,
    /// Input of its rows; none if nothing feeds it.
    pub(crate) input: Option<Input>,
    /// The event types that it takes, ascending.
    pub(crate) types: Vec<u32>,
    /// True if all that `events` names are among them.
    pub(crate) types_known: bool,
    /// What it says of its store.
    pub(crate) store: Box<dyn Declared>,
    /// Wildcards expanded.
    pub(crate) columns: Vec<Column>,
    /// The paths that its explicit columns take: root, then names.
    pub(crate) taken: Vec<Vec<String>>,
    /// True if every expression could be read and looked up.
    pub(crate) complete: bool,
}

/// Names the derived exchange for messages that no binding matches.
pub(crate) const UNROUTED: &str = "event_grpc.unrouted";

/// Looks up every name. `stores` is what each table says of its store.
pub(crate) fn resolve<'a>(
    spec: &'a Spec,
    stores: Vec<Box<dyn Declared>>,
    proto: &'a Proto,
    out: &mut Diagnostics,
) -> Resolved<'a> {
    let envelope = envelope::find(spec, proto, out);
    let sources = sources::resolve(spec, proto, envelope.as_ref(), out);
    let mut resolved = Resolved {
        spec,
        proto,
        envelope,
        sources,
        queues: Vec::new(),
        tables: Vec::new(),
        requests: Vec::new(),
        any_of: messages::any_of(spec, proto, out),
    };
    resolved.queues = queues::declared(&resolved, out);
    resolved.tables = inputs::tables(&resolved, stores, out);
    resolved.requests = requests::resolve(&resolved, out);
    resolved
        .queues
        .extend(queues::of_typed_tables(&resolved, out));
    resolved.queues.extend(queues::of_errors(&resolved));
    resolved.queues.extend(queues::of_shards(&resolved));
    for index in 0..resolved.tables.len() {
        columns::fill(&mut resolved, index, out);
    }
    resolved
}

// === impl Source ===

impl Source<'_> {
    /// The largest request in bytes.
    pub(crate) fn max_request(&self) -> u64 {
        self.spec
            .pool
            .max_request
            .as_ref()
            .map_or(4 << 20, |m| m.value)
    }
}

// === impl Resolved ===

impl<'a> Resolved<'a> {
    /// Scope of a table's expressions; none for a table that nothing feeds.
    pub(crate) fn scope<'s>(&'s self, table: &'s Table<'_>) -> Option<Scope<'s>> {
        let input = table.input.as_ref()?;
        // Errors of a gRPC source have been reported: without it, nothing is known of app events.
        let json = matches!(input, Input::Json(_));
        if !json && self.envelope.is_none() && self.spec.sources.iter().any(|s| s.grpc.is_some()) {
            return None;
        }
        Some(Scope {
            input,
            envelope: self.envelope.as_ref(),
            types: &table.types,
            types_known: table.types_known,
            proto: self.proto,
        })
    }

    /// A table as its store judges it.
    pub(crate) fn typed<'s>(&'s self, table: &'s Table<'_>) -> TypedTable<'s> {
        let has = |name: &str| table.columns.iter().any(|c| c.column.name == name);
        TypedTable {
            spec: table.spec,
            input: table.input.as_ref(),
            columns: &table.columns,
            partition_by: table.store.partitions(&self.spec.table_defaults, &has),
            complete: table.complete,
            envelope: self.envelope.as_ref(),
            cluster: self.cluster(table),
        }
    }

    /// The cluster that a table is divided among, if its database is spread over one.
    pub(crate) fn cluster(&self, table: &Table<'_>) -> Option<&'a Cluster> {
        let database = table.store.database().map(|name| name.value.as_str());
        match table.store.has_shards() {
            true => self.spec.cluster(database),
            false => None,
        }
    }

    /// Type of an exchange; none if it isn't declared.
    pub(crate) fn kind(&self, exchange: &str) -> Option<ExchangeKind> {
        match self.spec.exchange(exchange) {
            Some(exchange) => exchange.kind,
            None => (exchange == UNROUTED).then_some(ExchangeKind::Fanout),
        }
    }

    /// The queues that a message with this key on this exchange reaches, each with the binding that matches.
    pub(crate) fn reached(&self, route: &Route) -> Vec<(&Queue, &Located<Route>)> {
        let kind = self.kind(&route.exchange);
        let bindings = self
            .queues
            .iter()
            .flat_map(|queue| queue.bindings.iter().map(move |binding| (queue, binding)));
        bindings
            .filter(|(_, binding)| {
                binding.value.exchange == route.exchange
                    && routing::matches(kind, &binding.value.routing_key, &route.routing_key)
            })
            .collect()
    }

    /// The keys that a source publishes with; none if they are computed from the body.
    pub(crate) fn keys(&self, source: &Source<'_>) -> Option<Vec<String>> {
        match source.intake.as_ref()? {
            Intake::Grpc { .. } => {
                let types = self.envelope.as_ref()?.types.iter();
                Some(types.map(|(_, m)| m.name().to_owned()).collect())
            }
            Intake::Post { routing_key, .. } => match routing_key {
                model::RoutingKey::Constant(key) => Some(vec![key.clone()]),
                model::RoutingKey::Computed(_) => None,
            },
        }
    }
}
