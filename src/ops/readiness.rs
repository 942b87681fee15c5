//! `/readyz`: whether events that are taken in now get to their tables, and if not, where it hangs.

use std::collections::BTreeMap;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::health::Health;
use crate::broker::{Link, Status};
use crate::contract::Request;
use crate::sink::health::{Server, ServerState, Servers, TableState, Tables};
use crate::sink::http;
use crate::worker::{Paused, States};

/// The queues whose destination is not configured, and why.
pub type OffQueues = BTreeMap<&'static str, &'static str>;

/// Everything that readiness depends on.
#[derive(Debug, Clone)]
pub struct Readiness {
    /// Whether this instance wants traffic.
    pub health: Health,
    /// The broker.
    pub broker: watch::Receiver<Status>,
    /// The database servers, as asked each second.
    pub servers: watch::Receiver<Servers>,
    /// The tables, as asked each second.
    pub tables: watch::Receiver<Tables>,
    /// The queues that nobody works on here, and why.
    pub off_queues: OffQueues,
    /// The tables, as inserts found them.
    pub paused: States,
    /// The HTTP APIs that messages are forwarded to.
    pub requests: Requests,
    /// The sources that take no requests, and why.
    pub off_sources: Vec<(&'static str, String)>,
}

/// The requests of a pipeline, and which of them are on.
#[derive(Debug, Clone)]
pub struct Requests {
    all: &'static [&'static Request],
    on: http::Requests,
}

impl Requests {
    /// These requests, as far as they are on.
    pub fn new(all: &'static [&'static Request], on: http::Requests) -> Self {
        Requests { all, on }
    }

    /// The state of each target, by name.
    fn report(&self, paused: &BTreeMap<&'static str, Paused>) -> Map<String, Value> {
        let mut report = Map::new();
        for request in self.all {
            for target in request.targets {
                let state = match (self.on.missing(request), paused.get(target.name)) {
                    (Some(variables), _) => json!({ "off": variables }),
                    (None, Some(paused)) => json!({ "paused": paused.reason }),
                    (None, None) => json!("on"),
                };
                report.insert(target.name.to_owned(), state);
            }
        }
        report
    }
}

impl Readiness {
    /// Whether it is ready, and the state of each part.
    ///
    /// A server, a table or a request in trouble doesn't make an instance unready: it takes events in all the same,
    /// and they wait in their queues. Neither does a source that is off: the others take theirs.
    pub fn report(&self) -> (bool, Value) {
        let broker = self.broker.borrow().clone();
        let link = match &broker.link {
            Link::Up => json!("up"),
            Link::Down { reason, .. } => json!({ "down": reason }),
            Link::Blocked { reason, .. } => json!({ "blocked": reason }),
            Link::Closed => json!("closed"),
        };
        let problems: Vec<String> = broker.problems.iter().map(ToString::to_string).collect();
        let paused = self.paused.paused();
        let table = |(name, state): (&&'static str, &TableState)| {
            let state = match (paused.get(name), state) {
                (Some(paused), _) => json!({ "paused": paused.reason }),
                (None, TableState::Fits) => json!("fits"),
                (None, TableState::Unknown) => json!("unknown"),
                (None, TableState::Trouble(reason)) => json!({ "trouble": reason }),
            };
            ((*name).to_owned(), state)
        };
        let tables: Map<String, Value> = self.tables.borrow().iter().map(table).collect();
        let (clickhouse, postgres) = servers(&self.servers.borrow());
        let requests = self.requests.report(&paused);
        let off = |name: &str, why: &str| (name.to_owned(), json!({ "off": why }));
        let sources: Map<String, Value> = self
            .off_sources
            .iter()
            .map(|(name, why)| off(name, why))
            .collect();
        let mut queues: Map<String, Value> = self
            .off_queues
            .iter()
            .map(|(name, why)| off(name, why))
            .collect();
        let stopped = self.paused.stopped_queues().into_iter();
        queues.extend(stopped.map(|(name, s)| (name.to_owned(), json!({ "stopped": s.reason }))));
        for (name, why) in self.paused.returned() {
            let returned = || json!({ "returned_often": why });
            queues.entry(name).or_insert_with(returned);
        }
        // A trouble of ours says more than that a queue is left alone.
        let trouble = |state: &'static str| {
            move |(name, why): (&&'static str, &String)| ((*name).to_owned(), json!({ state: why }))
        };
        queues.extend(broker.not_consumed.iter().map(trouble("not_consumed")));
        let exchanges: Map<String, Value> = broker.shut.iter().map(trouble("shut")).collect();
        let ready = self.health.is_beating() && broker.link == Link::Up;
        let report = json!({
            "ready": ready,
            "broker": link,
            "topology": problems,
            "exchanges": exchanges,
            "clickhouse": clickhouse,
            "postgres": postgres,
            "tables": tables,
            "requests": requests,
            "sources": sources,
            "queues": queues,
        });
        (ready, report)
    }
}

/// The state of each ClickHouse server, by name, and of PostgreSQL, which is off where none is given.
fn servers(servers: &Servers) -> (Map<String, Value>, Value) {
    let mut clickhouse = Map::new();
    let mut postgres = json!("off");
    for (server, state) in servers {
        let state = match state {
            ServerState::Unknown => json!("unknown"),
            ServerState::Up => json!("up"),
            ServerState::Down(reason) => json!({ "down": reason }),
        };
        match server {
            Server::ClickHouse(name) => drop(clickhouse.insert((*name).to_owned(), state)),
            Server::Postgres => postgres = state,
        }
    }
    (clickhouse, postgres)
}

/// Answers 200 when ready and 503 when not, with the report either way.
pub fn router(readiness: Readiness) -> Router {
    let answer = move || async move {
        let (ready, report) = readiness.report();
        let code = if ready {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        (code, axum::Json(report)).into_response()
    };
    Router::new().route("/readyz", get(answer))
}
