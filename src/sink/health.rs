//! Health of servers and tables, probed every second, for readiness and metrics.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::contract::Table;
use crate::metrics::stores;

/// Probe interval of a server. One question covers all tables of a database.
const EVERY: Duration = Duration::from_secs(1);

/// Timeout of a probe. A server that needs longer for this stores no rows in time, either.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(3);

/// Server that is probed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// A ClickHouse server, by its name in `pipeline.yaml`.
    ClickHouse(&'static str),
    /// PostgreSQL.
    Postgres,
}

/// State of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerState {
    /// Not probed yet.
    Unknown,
    /// It answers.
    Up,
    /// It doesn't answer; with the reason.
    Down(String),
}

/// State of each server.
pub type Servers = BTreeMap<Server, ServerState>;

/// State of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableState {
    /// Not probed yet.
    Unknown,
    /// It exists and has the columns.
    Fits,
    /// It differs, is missing or can't be probed; with the reason.
    Trouble(String),
}

impl TableState {
    /// State of a table with these differences.
    pub(super) fn of(misfits: &[String]) -> Self {
        match misfits {
            [] => TableState::Fits,
            misfits => TableState::Trouble(misfits.join("; ")),
        }
    }
}

/// State of each table, by name.
pub type Tables = BTreeMap<&'static str, TableState>;

/// Sender of probe results, shared by all probes.
#[derive(Debug, Clone)]
pub struct HealthReporter {
    servers: watch::Sender<Servers>,
    tables: watch::Sender<Tables>,
}

/// Creates the sender of probe results and its receivers. Nothing is probed yet.
pub fn reporter() -> (
    HealthReporter,
    watch::Receiver<Servers>,
    watch::Receiver<Tables>,
) {
    let (servers, told_servers) = watch::channel(Servers::new());
    let (tables, told_tables) = watch::channel(Tables::new());
    (
        HealthReporter { servers, tables },
        told_servers,
        told_tables,
    )
}

impl HealthReporter {
    /// Registers a server and its tables as not probed yet.
    pub(super) fn unknown<'a>(&self, server: Server, tables: impl Iterator<Item = &'a Table>) {
        self.servers.send_modify(|known| {
            known.insert(server, ServerState::Unknown);
        });
        let unknown = tables.map(|table| (table.name, TableState::Unknown));
        self.tables.send_modify(|known| known.extend(unknown));
    }

    /// Publishes a result; counts and logs it if the state has changed.
    fn report(&self, server: Server, found: ServerState, tables: Tables) {
        // The server's own line covers all of its tables.
        let quiet = matches!(found, ServerState::Down(_));
        self.servers.send_if_modified(|known| {
            let before = known.insert(server, found.clone());
            show_server(server, before.as_ref(), &found);
            before.as_ref() != Some(&found)
        });
        self.tables.send_if_modified(|known| {
            let mut changed = false;
            for (table, found) in tables {
                let before = known.insert(table, found.clone());
                show_table(table, before.as_ref(), &found, quiet);
                changed |= before.as_ref() != Some(&found);
            }
            changed
        });
    }
}

/// Probes a server until `stop`, and publishes changes.
pub(super) async fn watch<F>(
    server: Server,
    ask: impl Fn() -> F,
    reporter: HealthReporter,
    stop: CancellationToken,
) where
    F: Future<Output = (ServerState, Tables)>,
{
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        let Some((found, tables)) = stop.run_until_cancelled(ask()).await else {
            return;
        };
        reporter.report(server, found, tables);
    }
}

/// Reason of a server that did not answer within [`TIME_LIMIT`].
pub(super) fn silent() -> String {
    format!("no answer within {} s", TIME_LIMIT.as_secs())
}

/// Logs when a table changes between healthy and unhealthy; another reason isn't logged.
fn show_table(table: &'static str, before: Option<&TableState>, now: &TableState, quiet: bool) {
    stores::TABLE_FITS.set([table], *now == TableState::Fits);
    match (before, now) {
        _ if quiet => {}
        (Some(TableState::Trouble(_)), TableState::Trouble(_)) => {}
        (_, TableState::Trouble(reason)) => {
            tracing::warn!(table, reason, "A table accepts no rows.");
        }
        (Some(TableState::Trouble(_)), TableState::Fits) => {
            tracing::info!(table, "A table accepts rows again.");
        }
        _ => {}
    }
}

/// Logs when a server changes between healthy and unhealthy.
fn show_server(server: Server, before: Option<&ServerState>, now: &ServerState) {
    let up = *now == ServerState::Up;
    let (kind, server) = match server {
        Server::ClickHouse(name) => {
            stores::CLICKHOUSE_UP.set([name], up);
            ("A ClickHouse server", Some(name))
        }
        Server::Postgres => {
            stores::POSTGRES_UP.set_to(up);
            ("PostgreSQL", None)
        }
    };
    match (before, now) {
        (Some(ServerState::Down(_)), ServerState::Down(_)) => {}
        (_, ServerState::Down(reason)) => {
            tracing::warn!(server, reason, "{kind} does not answer.");
        }
        (Some(ServerState::Down(_)), ServerState::Up) => {
            tracing::info!(server, "{kind} answers again.");
        }
        _ => {}
    }
}
