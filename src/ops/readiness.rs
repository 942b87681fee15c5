//! `/readyz`: whether events that are taken in now get to their tables, and if not, where it hangs.

use std::collections::BTreeMap;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::health::Health;
use crate::broker::{Link, Status};
use crate::sink::clickhouse::health::{States as Tables, TableState};
use crate::worker::States;

/// The queues whose destination is not configured, and why.
pub type OffQueues = BTreeMap<&'static str, &'static str>;

/// Everything that readiness depends on.
#[derive(Debug, Clone)]
pub struct Readiness {
    /// Whether this instance wants traffic.
    pub health: Health,
    /// The broker.
    pub broker: watch::Receiver<Status>,
    /// The tables of each server, as asked each second.
    pub tables: Vec<watch::Receiver<Tables>>,
    /// The queues that nobody works on here, and why.
    pub queues: OffQueues,
    /// The tables, as inserts found them.
    pub paused: States,
    /// The sources that take no requests, and why.
    pub off: Vec<(&'static str, String)>,
}

impl Readiness {
    /// Whether it is ready, and the state of each part.
    ///
    /// A table in trouble doesn't make an instance unready: it takes events in all the same, and they wait in their
    /// queues. Neither does a source that is off: the others take theirs.
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
        let mut tables = serde_json::Map::new();
        for server in &self.tables {
            tables.extend(server.borrow().iter().map(table));
        }
        let off = self.off.iter().map(|(source, why)| {
            let state = json!({ "off": why });
            ((*source).to_owned(), state)
        });
        let sources: serde_json::Map<String, Value> = off.collect();
        let queues = self.queues.iter().map(|(queue, why)| {
            let state = json!({ "off": why });
            ((*queue).to_owned(), state)
        });
        let queues: serde_json::Map<String, Value> = queues.collect();
        let ready = self.health.is_beating() && broker.link == Link::Up;
        let report = json!({
            "ready": ready, "broker": link, "topology": problems, "tables": tables, "sources": sources,
            "queues": queues,
        });
        (ready, report)
    }
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
