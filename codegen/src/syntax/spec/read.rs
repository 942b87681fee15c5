//! The tree of `pipeline.yaml` to its declarations. One entry that can't be read never hides another.

use super::changes::{accepts, retired};
use super::clients::clients;
use super::cluster::{cluster, database};
use super::columns::columns;
use super::cors::cors;
use super::ids::ids;
use super::kafka::kafka;
use super::limits::limits;
use super::ops::ops;
use super::partitions;
use super::request::request;
use super::routes::{bind, dead_letter};
use super::scalars::{Fields, map, texts, word};
use super::store::{Stores, store};
use super::verify::{nothing, verify};
use super::webhook::{auth, id, message, on_bad};
use super::{
    Exchange, InStore, Limits, OwnQueue, Partitions, Pool, Queue, Settings, Source, Spec, Table,
    TableDefaults,
};
use crate::base::diagnostic::{Diagnostics, Span};
use crate::model::ExchangeKind;
use crate::syntax::yaml::{Entry, Node, Text};

const SETTINGS: [&str; 6] = ["type", "workers", "prefetch", "retries", "breaker", "batch"];

/// Reads the whole file, whose tables are in these stores.
pub(crate) fn read(root: &Node, stores: Stores, out: &mut Diagnostics) -> Spec {
    let known = [
        "ids",
        "sources",
        "exchanges",
        "messages",
        "defaults",
        "queues",
        "cluster",
        "databases",
        "migrations",
        "tables",
        "requests",
        "accepts",
        "retired",
        "clients",
        "personal",
        "ops",
    ];
    let Some(file) = Fields::open("the pipeline", root.span, root, &known, out) else {
        return Spec::default();
    };
    let section = |key: &str| file.get(key).map(|e| &e.node);
    let (settings, of_pools, of_tables) = defaults(section("defaults"), out);
    let source = |entry: &Entry, out: &mut Diagnostics| source(entry, &of_pools, out);
    let table = |entry: &Entry, out: &mut Diagnostics| table(entry, stores, &of_tables, out);
    let tables = entries("`tables`", section("tables"), table, out);
    Spec {
        ids: file.meant("ids", out).and_then(|entry| ids(entry, out)),
        sources: entries("`sources`", section("sources"), source, out),
        exchanges: entries("`exchanges`", section("exchanges"), exchange, out),
        messages: entries("`messages`", section("messages"), message, out),
        defaults: settings,
        table_defaults: of_tables,
        queues: entries("`queues`", section("queues"), queue, out),
        cluster: file
            .meant("cluster", out)
            .and_then(|entry| cluster(entry, out)),
        databases: entries("`databases`", section("databases"), database, out),
        migrations_table: file.get("migrations").and_then(|e| migrations(e, out)),
        tables,
        requests: entries("`requests`", section("requests"), request, out),
        accepts: section("accepts").map_or_else(Vec::new, |n| accepts(n, out)),
        retired: section("retired").map_or_else(Vec::new, |n| retired(n, out)),
        clients: section("clients").map_or_else(Vec::new, |n| clients(n, out)),
        personal: section("personal").map_or_else(Vec::new, |n| texts("`personal`", n, out)),
        ops: file.get("ops").map(|e| ops(e, out)).unwrap_or_default(),
        end: Some(Span::new(root.span.file, root.span.end, root.span.end)),
    }
}

fn entries<T>(
    what: &str,
    node: Option<&Node>,
    read: impl Fn(&Entry, &mut Diagnostics) -> T,
    out: &mut Diagnostics,
) -> Vec<T> {
    let entries = node.and_then(|n| map(what, n, out)).unwrap_or_default();
    entries.iter().map(|e| read(e, out)).collect()
}

fn source(entry: &Entry, defaults: &Pool, out: &mut Diagnostics) -> Source {
    let name = entry.key.clone();
    let known = [
        "grpc",
        "json",
        "post",
        "message",
        "exchange",
        "routing_key",
        "routing_key_from",
        "headers",
        "auth",
        "verify",
        "id",
        "on_bad",
        "rejects",
        "pool",
        "cors",
    ];
    let what = format!("source `{}`", name.value);
    let fields = Fields::open(what, name.span, &entry.node, &known, out);
    let mut get = |key: &str| fields.as_ref().and_then(|f| f.text(key, out));
    let mut source = Source {
        name,
        grpc: get("grpc"),
        json: get("json"),
        post: get("post"),
        message: get("message"),
        exchange: get("exchange"),
        routing_key: get("routing_key"),
        routing_key_from: get("routing_key_from"),
        rejects: get("rejects"),
        headers: None,
        auth: None,
        verify: None,
        id: None,
        on_bad: None,
        pool: Pool::default(),
        cors: None,
    };
    if let Some(fields) = &fields {
        source.headers = fields.flag("headers", out);
        source.auth = fields.get("auth").and_then(|e| auth(e, out));
        source.verify = match fields.meant("verify", out) {
            Some(entry) => Some(verify(entry, out)),
            None => fields.written("verify").map(nothing),
        };
        source.id = fields.meant("id", out).map(|e| id(e, out));
        source.on_bad = fields.get("on_bad").and_then(|e| on_bad(e, out));
        fields.require("exchange", out);
        source.pool = fields.get("pool").map(|e| pool(e, out)).unwrap_or_default();
        source.cors = fields.meant("cors", out).and_then(|e| cors(e, out));
    }
    source.pool = source.pool.or(defaults);
    source
}

fn pool(entry: &Entry, out: &mut Diagnostics) -> Pool {
    let known = ["workers", "buffer", "bytes", "timeout", "max_request"];
    let Some(fields) = Fields::open("a pool", entry.key.span, &entry.node, &known, out) else {
        return Pool::default();
    };
    Pool {
        workers: fields.count("workers", 1..=256, out),
        buffer: fields.count("buffer", 1..=1_000_000, out),
        bytes: fields.size("bytes", 1 << 20..=64 << 30, out),
        timeout: fields.duration("timeout", 1..=60_000, out),
        max_request: fields.size("max_request", 1 << 10..=256 << 20, out),
    }
}

fn exchange(entry: &Entry, out: &mut Diagnostics) -> Exchange {
    let kinds = [
        ("direct", ExchangeKind::Direct),
        ("topic", ExchangeKind::Topic),
        ("fanout", ExchangeKind::Fanout),
    ];
    let what = format!("the kind of exchange `{}`", entry.key.value);
    Exchange {
        name: entry.key.clone(),
        kind: word(&what, &entry.node, &kinds, out).map(|w| w.value),
    }
}

/// Reads the defaults of queues, pools and tables.
fn defaults(node: Option<&Node>, out: &mut Diagnostics) -> (Settings, Pool, TableDefaults) {
    let mut known = SETTINGS.to_vec();
    known.extend(["pool", "tables"]);
    let fields = node.and_then(|node| Fields::open("`defaults`", node.span, node, &known, out));
    let Some(fields) = fields else {
        return Default::default();
    };
    let mut of_tables = TableDefaults::default();
    if let Some(entry) = fields.get("tables") {
        let known = ["engine", "partition_by", "indexes", "columns", "limits"];
        let what = "`tables` of `defaults`";
        if let Some(fields) = Fields::open(what, entry.key.span, &entry.node, &known, out) {
            of_tables.engine = fields.text("engine", out);
            of_tables.partition_by = fields.text("partition_by", out);
            if let Some(e) = fields.get("indexes") {
                of_tables.indexes = texts("`indexes`", &e.node, out);
            }
            if let Some(e) = fields.get("columns") {
                of_tables.columns = columns(&e.node, false, out);
            }
            of_tables.limits = limits(&fields, false, out);
        }
    }
    let pool = fields.get("pool").map(|e| pool(e, out)).unwrap_or_default();
    (settings(&fields, out), pool, of_tables)
}

fn settings(fields: &Fields<'_>, out: &mut Diagnostics) -> Settings {
    let types = [("quorum", true), ("classic", false)];
    let mut settings = Settings {
        quorum: fields
            .get("type")
            .and_then(|e| word("a queue's `type`", &e.node, &types, out)),
        workers: fields.count("workers", 1..=256, out),
        prefetch: fields.count("prefetch", 1..=65_535, out),
        retries: fields.count("retries", 0..=100, out),
        breaker: fields.share("breaker", 1..=100, out),
        ..Settings::default()
    };
    let batch = fields.get("batch").and_then(|entry| {
        let known = ["rows", "bytes", "delay"];
        Fields::open("a batch", entry.key.span, &entry.node, &known, out)
    });
    if let Some(batch) = batch {
        settings.rows = batch.count("rows", 1..=1_000_000, out);
        settings.bytes = batch.size("bytes", 64 << 10..=1 << 30, out);
        settings.delay = batch.duration("delay", 10..=60_000, out);
    }
    settings
}

fn queue(entry: &Entry, out: &mut Diagnostics) -> Queue {
    let name = entry.key.clone();
    let mut known = vec![
        "bind",
        "message",
        "id",
        "dead_letter",
        "into",
        "kafka",
        "renamed_from",
    ];
    known.extend(SETTINGS);
    known.extend(partitions::KEYS);
    let what = format!("queue `{}`", name.value);
    let mut queue = Queue {
        name: name.clone(),
        bind: Vec::new(),
        message: None,
        id: None,
        settings: Settings::default(),
        kafka: None,
        dead_letter: None,
        into: None,
        renamed_from: None,
        partitions: Partitions::default(),
    };
    let Some(fields) = Fields::open(what, name.span, &entry.node, &known, out) else {
        return queue;
    };
    queue.kafka = fields.meant("kafka", out).and_then(|e| kafka(e, out));
    // What is read from a topic of other services comes from no exchange.
    let bound = match queue
        .kafka
        .as_ref()
        .is_some_and(|kafka| kafka.source.is_some())
    {
        true => fields.get("bind"),
        false => fields.require("bind", out),
    };
    if let Some(e) = bound {
        queue.bind = bind(e, out);
        fields.filled("bind", queue.bind.is_empty(), e, out);
    }
    queue.message = fields.text("message", out);
    queue.id = fields.meant("id", out).map(|e| id(e, out));
    queue.settings = settings(&fields, out);
    queue.dead_letter = fields.get("dead_letter").and_then(|e| dead_letter(e, out));
    fields.require("into", out);
    queue.into = fields.text("into", out);
    queue.renamed_from = fields.text("renamed_from", out);
    queue.partitions = partitions::partitions(&fields, out);
    queue
}

fn table(entry: &Entry, stores: Stores, defaults: &TableDefaults, out: &mut Diagnostics) -> Table {
    let name = entry.key.clone();
    let mut known = vec!["store"];
    known.extend(stores.usual.keys);
    known.extend([
        "events",
        "queue",
        "dead_letters",
        "replaces",
        "columns",
        "limits",
        "ignore",
        "renamed_from",
    ]);
    for key in stores.all.iter().flat_map(|kind| kind.keys) {
        if !known.contains(key) {
            known.push(key);
        }
    }
    let mut table = Table {
        name: name.clone(),
        doc: entry.doc.clone(),
        store: InStore {
            kind: stores.usual,
            entries: None,
        },
        events: None,
        queue: None,
        dead_letters: None,
        replaces: None,
        columns: Vec::new(),
        limits: Limits::default(),
        ignore: Vec::new(),
        renamed_from: None,
    };
    let what = format!("table `{}`", name.value);
    let Some(fields) = Fields::open(what, name.span, &entry.node, &known, out) else {
        return table;
    };
    table.store = store(&name, &fields, stores, out);
    let without = table.store.kind.without;
    let mut flag = |key| match without.contains(&key) {
        true => None,
        false => fields.flag(key, out),
    };
    table.dead_letters = flag("dead_letters");
    table.replaces = flag("replaces");
    if let Some(e) = fields.get("events") {
        let events = texts("`events`", &e.node, out);
        fields.filled("events", events.is_empty(), e, out);
        table.events = Some(events);
    }
    table.queue = fields.get("queue").map(|e| own_queue(e, out));
    if let Some(e) = fields.require("columns", out) {
        table.columns = columns(&e.node, table.store.kind.has_own_columns, out);
    }
    table.renamed_from = fields.text("renamed_from", out);
    table.limits = limits(&fields, true, out);
    if let Some(e) = fields.get("ignore") {
        table.ignore = texts("`ignore`", &e.node, out);
    }
    if fields.get("columns").is_some() {
        table.add_defaults(&defaults.columns);
    }
    table
}

/// The name of the table of migrations.
fn migrations(entry: &Entry, out: &mut Diagnostics) -> Option<Text> {
    let span = entry.key.span;
    let fields = Fields::open("`migrations`", span, &entry.node, &["table"], out)?;
    fields.require("table", out);
    fields.text("table", out)
}

fn own_queue(entry: &Entry, out: &mut Diagnostics) -> OwnQueue {
    let mut known = vec!["dead_letter", "kafka"];
    known.extend(SETTINGS);
    known.extend(partitions::KEYS);
    let fields = Fields::open(
        "a typed table's `queue`",
        entry.key.span,
        &entry.node,
        &known,
        out,
    );
    OwnQueue {
        span: entry.key.span,
        settings: fields
            .as_ref()
            .map(|f| settings(f, out))
            .unwrap_or_default(),
        kafka: fields
            .as_ref()
            .and_then(|f| f.meant("kafka", out))
            .and_then(|e| kafka(e, out)),
        dead_letter: fields
            .as_ref()
            .and_then(|f| f.get("dead_letter"))
            .and_then(|e| dead_letter(e, out)),
        partitions: fields
            .as_ref()
            .map(|f| partitions::partitions(f, out))
            .unwrap_or_default(),
    }
}
