//! A pipeline without mistakes to the `Model` that the emitters see.

use crate::model::{self, Batch, Exchange, ExchangeKind, Model, Pool, Queue, Source, Table};
use crate::resolve::{self, Resolved, UNROUTED};
use crate::syntax::spec::{self, ANYWHERE, Located};

/// Default name of the migration table.
const MIGRATIONS_TABLE: &str = "schema_migrations";

/// The model; none if something is still unresolved, which only a pipeline with mistakes is.
pub(crate) fn lower(resolved: Resolved<'_>) -> Option<Model> {
    let sources = resolved.sources.iter().map(|s| source(&resolved, s));
    let sources = sources.collect::<Option<_>>()?;
    let mut exchanges: Vec<Exchange> = Vec::new();
    for exchange in &resolved.spec.exchanges {
        exchanges.push(Exchange {
            name: exchange.name.value.clone(),
            kind: exchange.kind?,
            derived: false,
        });
    }
    exchanges.push(Exchange {
        name: UNROUTED.to_owned(),
        kind: ExchangeKind::Fanout,
        derived: true,
    });
    Some(Model {
        pool: resolved.proto.pool.clone(),
        descriptors: resolved.proto.descriptors.clone(),
        sources,
        exchanges,
        queues: resolved.queues.iter().map(queue).collect::<Option<_>>()?,
        databases: resolved
            .spec
            .databases
            .iter()
            .map(database)
            .collect::<Option<_>>()?,
        migrations_table: resolved
            .spec
            .migrations_table
            .as_ref()
            .map_or_else(|| MIGRATIONS_TABLE.to_owned(), |name| name.value.clone()),
        tables: resolved
            .tables
            .iter()
            .map(|t| table(&resolved, t))
            .collect::<Option<_>>()?,
        requests: resolved.requests.into_iter().collect::<Option<_>>()?,
        envelope: resolved.envelope,
        any_of: resolved
            .any_of
            .into_iter()
            .map(|found| found.value)
            .collect(),
        unrouted: UNROUTED.to_owned(),
        accepted: resolved.spec.accepts.clone(),
        retired: resolved.spec.retired.clone(),
        renamed: resolved.spec.renamed(),
        clients: resolved.spec.clients.clone(),
        personal: personal(resolved.spec),
        runbooks: resolved
            .spec
            .ops
            .runbooks
            .as_ref()
            .map_or_else(String::new, |url| {
                format!("{}/", url.value.trim_end_matches('/'))
            }),
    })
}

/// Fields that are masked, each once, in the order of their names.
fn personal(spec: &spec::Spec) -> Vec<String> {
    let names = spec.personal.iter().map(|name| {
        let name = name.value.as_str();
        name.strip_prefix(ANYWHERE).unwrap_or(name).to_owned()
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    names.dedup();
    names
}

fn source(resolved: &Resolved<'_>, source: &resolve::Source<'_>) -> Option<Source> {
    let pool = &source.spec.pool;
    let pick = |value: &Option<Located<u64>>, default| value.as_ref().map_or(default, |l| l.value);
    Some(Source {
        name: source.spec.name.value.clone(),
        auth: source.auth(),
        intake: source.intake.clone()?,
        exchange: source.spec.exchange.as_ref()?.value.clone(),
        rejects: source.rejects.as_ref().map(|r| r.value.clone()),
        pool: Pool {
            workers: u16::try_from(pick(&pool.workers, 2)).ok()?,
            buffer: u32::try_from(pick(&pool.buffer, 1000)).ok()?,
            bytes: pick(&pool.bytes, 64 << 20),
            timeout_ms: pick(&pool.timeout, 1000),
            max_request: u32::try_from(source.max_request()).ok()?,
        },
        cors: source.cors.clone(),
        partition_by: resolved.partition_key(source),
    })
}

fn queue(queue: &resolve::Queue) -> Option<Queue> {
    let settings = &queue.settings;
    let partitions = queue.partitions.as_ref();
    let (of_topic, of_queue) = match partitions.is_some_and(|p| p.of_topic) {
        true => (partitions, None),
        false => (None, partitions),
    };
    Some(Queue {
        name: queue.name.clone(),
        quorum: settings.quorum,
        topic: match &queue.kafka {
            Some((topic, _)) => Some(self::topic(topic)?),
            None => None,
        },
        foreign: queue.foreign.clone(),
        bindings: queue.bindings.iter().map(|b| b.value.clone()).collect(),
        workers: u16::try_from(settings.workers).ok()?,
        prefetch: u16::try_from(queue.prefetch()).ok()?,
        retries: u8::try_from(settings.retries).ok()?,
        breaker: match queue.dead_letter {
            Some(_) => u8::try_from(settings.breaker).ok()?,
            // Dead letters become none.
            None => 100,
        },
        batch: Batch {
            rows: u32::try_from(settings.rows.0).ok()?,
            bytes: u32::try_from(settings.bytes).ok()?,
            delay_ms: u32::try_from(settings.delay_ms).ok()?,
        },
        dead_letter: queue.dead_letter.as_ref().map(|d| d.value.clone()),
        input: queue.input.clone()?,
        id: queue.id.clone(),
        into: queue.into?,
        derived: queue.derived,
        partitions: of_queue.map(|p| p.partitions.clone()),
        topic_key: of_topic.map(|p| p.partitions.by.clone()),
    })
}

fn topic(topic: &resolve::Topic) -> Option<model::Topic> {
    Some(model::Topic {
        name: topic.name.clone(),
        partitions: u16::try_from(topic.partitions).ok()?,
        replicas: u8::try_from(topic.replicas).ok()?,
        retention_ms: topic.retention_ms,
        bridged: topic.bridged,
    })
}

fn database(database: &spec::Database) -> Option<model::Database> {
    Some(model::Database {
        name: database.name.value.clone(),
        doc: database.doc.clone(),
        server: database.server.as_ref()?.value.clone(),
    })
}

fn table(resolved: &Resolved<'_>, table: &resolve::Table<'_>) -> Option<Table> {
    Some(Table {
        name: table.spec.name.value.clone(),
        doc: table.spec.doc.clone(),
        store: table.store.lower(&resolved.typed(table))?,
        input: table.input.clone()?,
        every_type: table.spec.events.is_none()
            && !matches!(table.input, Some(model::Input::Json(_))),
        types: match table.input {
            Some(model::Input::Json(_)) => Vec::new(),
            _ => table.types.clone(),
        },
        columns: table.columns.iter().map(|c| c.column.clone()).collect(),
        limits: resolve::limits(table, &resolved.spec.table_defaults.limits),
    })
}
