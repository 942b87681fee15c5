//! Sources, exchanges and queues in generated Rust.

use serde::Serialize;

use super::names::{Taken, literal, snake};
use super::readers::Readers;
use super::refused::Refused;
use super::requests::RequestsView;
use super::shapes::Shapes;
use super::sources::{id_view, verify_view};
use super::tables::TableView;
use super::values::{Failing, Writer};
use crate::model::{
    self, Destination, ExchangeKind, Input, Intake, Model, Route, RoutingKey, Scheme,
};

/// What the template sees.
#[derive(Debug, Serialize)]
pub struct TopologyView {
    /// `use` lines.
    pub imports: Vec<String>,
    /// `Source`s as Rust source.
    pub sources: Vec<String>,
    /// `Exchange`s as Rust source.
    pub exchanges: Vec<String>,
    /// `Queue`s as Rust source.
    pub queues: Vec<String>,
    /// Whether there is any route.
    pub routes: bool,
    /// Functions that compute routing keys.
    pub functions: Vec<KeyFunction>,
    /// The exchange for messages that no binding matches.
    pub unrouted: String,
}

/// A function that computes a source's routing key.
#[derive(Debug, Serialize)]
pub struct KeyFunction {
    /// Its name.
    pub name: String,
    /// The source's name.
    pub source: String,
    /// Its parameter: the message, named by whether it is used.
    pub parameter: &'static str,
    /// What it returns.
    pub key: String,
}

/// Makes the view.
pub fn topology(
    model: &Model,
    shapes: &Shapes,
    readers: &Readers,
    tables: &[TableView],
    requests: &RequestsView,
) -> Result<TopologyView, Vec<Refused>> {
    let mut functions = Vec::new();
    let mut refused = Vec::new();
    let mut names = Taken::default();
    let mut sources = Vec::new();
    for source in &model.sources {
        let key = match computed_key(source) {
            None => String::new(),
            Some(value) => {
                let writer = Writer {
                    shapes,
                    readers,
                    failing: Failing::Fails,
                };
                let name = names.claim(format!("{}_routing_key", snake(&source.name)));
                match writer.text("routing_key", value) {
                    Ok(key) => functions.push(KeyFunction {
                        name: name.clone(),
                        source: source.name.clone(),
                        parameter: if key.contains("message.") {
                            "message"
                        } else {
                            "_message"
                        },
                        key,
                    }),
                    Err(reason) => refused.push(Refused {
                        table: format!("source {}", source.name),
                        column: "routing_key_from".into(),
                        reason,
                    }),
                }
                name
            }
        };
        sources.push(source_view(source, shapes, &key));
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    let queues: Vec<String> = model
        .queues
        .iter()
        .map(|queue| queue_view(queue, shapes, tables, requests))
        .collect();
    let routes = has_routes(model);
    Ok(TopologyView {
        imports: imports(model, routes, &functions),
        routes,
        sources,
        exchanges: model.exchanges.iter().map(exchange_view).collect(),
        queues,
        functions,
        unrouted: literal(&model.unrouted),
    })
}

/// Exactly what the file uses.
fn imports(model: &Model, routes: bool, functions: &[KeyFunction]) -> Vec<String> {
    let mut names = vec!["Exchange", "Queue", "Source"];
    if !model.exchanges.is_empty() {
        names.push("ExchangeKind");
    }
    let posts = |s: &model::Source| matches!(s.intake, Intake::Post { .. });
    if !model.queues.is_empty() || model.sources.iter().any(posts) {
        names.push("IdFrom");
    }
    if !model.queues.is_empty() {
        names.extend(["Batch", "Destination", "Input", "QueueKind"]);
    }
    if !model.sources.is_empty() {
        names.extend(["Intake", "Pool"]);
    }
    if model
        .sources
        .iter()
        .any(|s| matches!(s.intake, Intake::Post { .. }))
    {
        names.extend(["OnBad", "RoutingKey"]);
    }
    if !functions.is_empty() {
        names.extend(["Bad", "Message"]);
    }
    let schemes = || {
        model.sources.iter().filter_map(|s| match &s.intake {
            Intake::Post { verify, .. } => verify.as_ref().map(|v| &v.scheme),
            Intake::Grpc { .. } => None,
        })
    };
    if schemes().next().is_some() {
        names.extend(["Scheme", "Verify"]);
    }
    if schemes().any(|scheme| matches!(scheme, Scheme::Hmac { .. })) {
        names.push("Encoding");
    }
    if routes {
        names.push("Route");
    }
    names.sort_unstable();
    for module in ["function", "json"] {
        if functions
            .iter()
            .any(|f| f.key.contains(&format!("{module}::")))
        {
            names.push(module);
        }
    }
    let mut lines = vec![format!("use crate::contract::{{{}}};", names.join(", "))];
    let posts = model
        .sources
        .iter()
        .any(|s| matches!(s.intake, Intake::Post { .. }));
    let json = model
        .queues
        .iter()
        .any(|q| matches!(q.input, Input::Json(_)));
    let dispatches = model
        .sources
        .iter()
        .any(|s| matches!(s.intake, Intake::Grpc { .. }));
    let envelopes = model
        .queues
        .iter()
        .any(|q| !matches!(q.input, Input::Json(_)));
    if dispatches || envelopes {
        lines.push("use super::envelope::ENVELOPE;".into());
    }
    if model.queues.iter().any(|q| model.request_of(q).is_some()) {
        lines.push("use super::requests;".into());
    }
    if posts || json {
        lines.push("use super::shapes;".into());
    }
    if model.queues.iter().any(|q| model.table_of(q).is_some()) {
        lines.push("use super::tables;".into());
    }
    lines
}

fn has_routes(model: &Model) -> bool {
    model.sources.iter().any(|s| s.rejects.is_some())
        || model
            .queues
            .iter()
            .any(|q| !q.bindings.is_empty() || q.dead_letter.is_some())
}

fn computed_key(source: &model::Source) -> Option<&model::Value> {
    match &source.intake {
        Intake::Post {
            routing_key: RoutingKey::Computed(value),
            ..
        } => Some(value),
        _ => None,
    }
}

fn source_view(source: &model::Source, shapes: &Shapes, key_function: &str) -> String {
    let intake = match &source.intake {
        Intake::Grpc {
            service,
            method,
            json_path,
        } => format!(
            "Intake::Grpc {{ service: {}, method: {}, json_path: {}, envelope: &ENVELOPE }}",
            literal(service),
            literal(method),
            literal(json_path)
        ),
        Intake::Post {
            path,
            message,
            routing_key,
            headers,
            verify,
            id,
            on_bad,
        } => {
            let key = match routing_key {
                RoutingKey::Constant(key) => format!("RoutingKey::Constant({})", literal(key)),
                RoutingKey::Computed(_) => format!("RoutingKey::Computed({key_function})"),
            };
            format!(
                "Intake::Post {{ path: {}, message: &shapes::{}, routing_key: {key}, headers: {headers}, verify: {}, id: {}, on_bad: OnBad::{on_bad:?} }}",
                literal(path),
                shapes.path(message),
                verify
                    .as_ref()
                    .map_or_else(|| "None".into(), |v| format!("Some({})", verify_view(v))),
                id_view(id)
            )
        }
    };
    let pool = &source.pool;
    format!(
        "Source {{ name: {}, intake: {intake}, exchange: {}, rejects: {}, \
         pool: Pool {{ workers: {}, buffer: {}, bytes: {}, timeout_ms: {}, max_request: {} }} }}",
        literal(&source.name),
        literal(&source.exchange),
        maybe(source.rejects.as_ref()),
        pool.workers,
        grouped(u64::from(pool.buffer)),
        grouped(pool.bytes),
        grouped(pool.timeout_ms),
        grouped(u64::from(pool.max_request)),
    )
}

fn exchange_view(exchange: &model::Exchange) -> String {
    format!(
        "Exchange {{ name: {}, kind: ExchangeKind::{}, derived: {} }}",
        literal(&exchange.name),
        match exchange.kind {
            ExchangeKind::Direct => "Direct",
            ExchangeKind::Topic => "Topic",
            ExchangeKind::Fanout => "Fanout",
        },
        exchange.derived
    )
}

fn queue_view(
    queue: &model::Queue,
    shapes: &Shapes,
    tables: &[TableView],
    requests: &RequestsView,
) -> String {
    let bindings: Vec<String> = queue.bindings.iter().map(route).collect();
    let input = match &queue.input {
        Input::Events => "Input::Events(&ENVELOPE)".into(),
        Input::Json(message) => format!("Input::Json(&shapes::{})", shapes.path(message)),
        Input::DeadLetters => "Input::DeadLetters(&ENVELOPE)".into(),
    };
    let into = match queue.into {
        Destination::Table(at) => tables
            .get(at)
            .map(|table| format!("Destination::Table(&tables::{}::TABLE)", table.module)),
        Destination::Request(at) => requests
            .requests
            .get(at)
            .map(|request| format!("Destination::Request(&requests::{})", request.constant)),
    };
    format!(
        "Queue {{ name: {}, kind: QueueKind::{}, bindings: &[{}], workers: {}, prefetch: {}, retries: {}, breaker: {}, \
         batch: Batch {{ rows: {}, bytes: {}, delay_ms: {} }}, dead_letter: {}, input: {input}, id: {}, into: {}, derived: {} }}",
        literal(&queue.name),
        if queue.quorum { "Quorum" } else { "Classic" },
        bindings.join(", "),
        queue.workers,
        grouped(u64::from(queue.prefetch)),
        queue.retries,
        queue.breaker,
        grouped(u64::from(queue.batch.rows)),
        grouped(u64::from(queue.batch.bytes)),
        grouped(u64::from(queue.batch.delay_ms)),
        maybe(queue.dead_letter.as_ref()),
        id_view(&queue.id),
        into.unwrap_or_default(),
        queue.derived,
    )
}

fn maybe(to: Option<&Route>) -> String {
    to.map_or_else(|| "None".into(), |to| format!("Some({})", route(to)))
}

fn route(to: &Route) -> String {
    format!(
        "route({}, {})",
        literal(&to.exchange),
        literal(&to.routing_key)
    )
}

/// A number with underscores between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}
