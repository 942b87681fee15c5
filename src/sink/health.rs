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
        // The server's own line covers all of its tables, when it goes and when it is back.
        let is_down = |state: &ServerState| matches!(state, ServerState::Down(_));
        let (down, mut was_down) = (is_down(&found), false);
        self.servers.send_if_modified(|known| {
            let before = known.insert(server, found.clone());
            was_down = before.as_ref().is_some_and(is_down);
            show_server(server, before.as_ref(), &found);
            before.as_ref() != Some(&found)
        });
        self.tables.send_if_modified(|known| {
            let (mut changed, mut turns) = (false, Turns::default());
            for (table, found) in tables {
                let before = known.insert(table, found.clone());
                changed |= before.as_ref() != Some(&found);
                turns.add(table, before, found);
            }
            if !down {
                turns.log(was_down);
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

/// Tables that a probe found otherwise than the one before, for one log line a reason: what breaks one of them mostly
/// breaks many.
#[derive(Debug, Default)]
struct Turns {
    /// Newly in trouble, by the reason. Another reason than before is none.
    troubled: BTreeMap<String, Vec<&'static str>>,
    /// In trouble no more.
    mended: Vec<&'static str>,
}

impl Turns {
    /// Counts a table's state, and remembers it if it has turned.
    fn add(&mut self, table: &'static str, before: Option<TableState>, now: TableState) {
        stores::TABLE_FITS.set([table], now == TableState::Fits);
        match (before, now) {
            (Some(TableState::Trouble(_)), TableState::Trouble(_)) => {}
            (_, TableState::Trouble(reason)) => {
                self.troubled.entry(reason).or_default().push(table);
            }
            (Some(TableState::Trouble(_)), TableState::Fits) => self.mended.push(table),
            _ => {}
        }
    }

    /// Logs them; those in trouble no more only if their server was there.
    fn log(&self, was_down: bool) {
        for (reason, tables) in &self.troubled {
            let tables = tables.join(", ");
            tracing::warn!(tables, reason, "Tables accept no rows.");
        }
        if !self.mended.is_empty() && !was_down {
            let tables = self.mended.join(", ");
            tracing::info!(tables, "Tables accept rows again.");
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_that_turn_at_once_share_a_line() {
        let trouble = |reason: &str| TableState::Trouble(reason.to_owned());
        let mut turns = Turns::default();
        turns.add("a", None, trouble("does not exist"));
        turns.add("b", Some(TableState::Fits), trouble("does not exist"));
        turns.add("c", Some(trouble("before")), trouble("now another"));
        turns.add("d", Some(trouble("before")), TableState::Fits);
        turns.add("e", Some(TableState::Unknown), TableState::Fits);
        let troubled = BTreeMap::from([("does not exist".to_owned(), vec!["a", "b"])]);
        assert_eq!(turns.troubled, troubled);
        assert_eq!(turns.mended, ["d"]);
    }
}
