//! `/readyz`: whether events that are taken in now get to their tables, and if not, where it hangs.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::health::Health;
use crate::broker::{Link, Status};
use crate::sink::clickhouse::health::{ServerState, Servers, States as Tables, TableState};
use crate::worker::States;

/// Everything that readiness depends on.
#[derive(Debug, Clone)]
pub struct Readiness {
    /// Whether this instance wants traffic.
    pub health: Health,
    /// The broker.
    pub broker: watch::Receiver<Status>,
    /// The ClickHouse servers, as asked each second.
    pub servers: watch::Receiver<Servers>,
    /// The tables, as asked each second.
    pub tables: watch::Receiver<Tables>,
    /// The tables, as inserts found them.
    pub paused: States,
}

impl Readiness {
    /// Whether it is ready, and the state of each part.
    ///
    /// A server or a table in trouble doesn't make an instance unready: it takes events in all the same, and they wait in their
    /// queues.
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
        let tables: serde_json::Map<String, Value> =
            self.tables.borrow().iter().map(table).collect();
        let server = |(name, state): (&&'static str, &ServerState)| {
            let state = match state {
                ServerState::Unknown => json!("unknown"),
                ServerState::Up => json!("up"),
                ServerState::Down(reason) => json!({ "down": reason }),
            };
            ((*name).to_owned(), state)
        };
        let servers: serde_json::Map<String, Value> =
            self.servers.borrow().iter().map(server).collect();
        let ready = self.health.is_beating() && broker.link == Link::Up;
        let report = json!({
            "ready": ready, "broker": link, "topology": problems, "clickhouse": servers, "tables": tables,
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
