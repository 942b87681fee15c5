//! `/readyz`: tells if events that are accepted now reach their tables, and if not, what is wrong.

mod found;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::backlog::Backlog;
use super::degraded::{self, FirstSeen};
use crate::access::Access;
use crate::broker::{Link, Status};
use crate::contract::Request;
use crate::health::Health;
use crate::sink::health::{Server, ServerState, Servers, TableState, Tables};
use crate::sink::requests;
use crate::switches::Switches;
use crate::tls::ServerTls;
use crate::trace::Tracer;
use crate::worker::{Paused, States};

/// Queues whose destination is not configured, with the reason.
pub type OffQueues = BTreeMap<&'static str, &'static str>;

/// State that readiness depends on.
#[derive(Debug, Clone)]
pub struct Readiness {
    /// Health of this instance.
    pub health: Health,
    /// State of the broker.
    pub broker: watch::Receiver<Status>,
    /// State of the database servers, probed every second.
    pub servers: watch::Receiver<Servers>,
    /// State of the tables, probed every second.
    pub tables: watch::Receiver<Tables>,
    /// Disabled queues, with the reason.
    pub off_queues: OffQueues,
    /// Paused tables and stopped queues.
    pub paused: States,
    /// HTTP APIs that messages are forwarded to.
    pub requests: Requests,
    /// Disabled sources, with the reason.
    pub off_sources: Vec<(&'static str, String)>,
    /// Sources that take requests without their proof, because the operator says so.
    pub unverified: Vec<&'static str>,
    /// Who may send events.
    pub senders: Arc<Access>,
    /// What is switched off.
    pub switches: Arc<Switches>,
    /// TLS of the listeners.
    pub tls: Option<ServerTls>,
    /// What records spans.
    pub tracer: Tracer,
    /// What RabbitMQ says of the queues.
    pub backlog: Backlog,
    /// Since when something is out of order.
    pub first_seen: FirstSeen,
}

/// Requests of a pipeline, and which of them are enabled.
#[derive(Debug, Clone)]
pub struct Requests {
    all: &'static [&'static Request],
    on: requests::Requests,
}

impl Requests {
    /// Creates it from all requests and the enabled ones.
    pub fn new(all: &'static [&'static Request], on: requests::Requests) -> Self {
        Requests { all, on }
    }

    /// True if a target of a request has this name.
    pub(super) fn has_target(&self, name: &str) -> bool {
        let targets = self.all.iter().flat_map(|request| request.targets);
        targets.into_iter().any(|target| target.name == name)
    }

    /// State of each target, by name.
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
    /// Readiness, and the state of each part.
    ///
    /// A server, table or request in trouble doesn't make an instance unready: events are accepted all the same, and
    /// wait in their queues. Neither does a disabled source: the others accept requests.
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
        // A problem of this instance is more specific than that a queue has no consumer.
        let trouble = |state: &'static str| {
            move |(name, why): (&&'static str, &String)| ((*name).to_owned(), json!({ state: why }))
        };
        queues.extend(broker.late.iter().map(trouble("late")));
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
            "unverified": self.unverified,
            "access": self.senders.report(&self.off_sources),
            "security": self.senders.warnings(),
            "switches": self.switches.report(),
            "queues": queues,
            "degraded": degraded::json(&self.degradations()),
        });
        (ready, report)
    }
}

/// State of each ClickHouse server, by name, and of PostgreSQL, which is `off` if it isn't configured.
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
