//! Whether servers answer and their tables take rows, asked every second, for readiness and metrics.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::contract::Table;
use crate::metrics::stores;

/// How often a server is asked. One question covers all tables of a database.
const EVERY: Duration = Duration::from_secs(1);

/// How long an answer may take. Whoever needs longer for this takes no rows in time, either.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// A server that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// A ClickHouse server, by its name in `pipeline.yaml`.
    ClickHouse(&'static str),
    /// PostgreSQL.
    Postgres,
}

/// How a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerState {
    /// Nobody has asked yet.
    Unknown,
    /// It answers.
    Up,
    /// It doesn't; why, for people.
    Down(String),
}

/// How each server is.
pub type Servers = BTreeMap<Server, ServerState>;

/// How a table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableState {
    /// Nobody has asked yet.
    Unknown,
    /// It is there and has the columns.
    Fits,
    /// It differs, is missing or can't be asked for; why, for people.
    Trouble(String),
}

impl TableState {
    /// The state of a table that differs in these ways.
    pub(super) fn of(misfits: &[String]) -> Self {
        match misfits {
            [] => TableState::Fits,
            misfits => TableState::Trouble(misfits.join("; ")),
        }
    }
}

/// How each table is, by name.
pub type Tables = BTreeMap<&'static str, TableState>;

/// Where is told what was found. Those who watch other servers tell it there, too.
#[derive(Debug, Clone)]
pub struct Told {
    servers: watch::Sender<Servers>,
    tables: watch::Sender<Tables>,
}

/// Where to tell what is found, and where to read it. Nothing is watched yet.
pub fn told() -> (Told, watch::Receiver<Servers>, watch::Receiver<Tables>) {
    let (servers, told_servers) = watch::channel(Servers::new());
    let (tables, told_tables) = watch::channel(Tables::new());
    (Told { servers, tables }, told_servers, told_tables)
}

impl Told {
    /// Tells that nothing is known yet of a server and its tables.
    pub(super) fn unknown<'a>(&self, server: Server, tables: impl Iterator<Item = &'a Table>) {
        self.servers.send_modify(|known| {
            known.insert(server, ServerState::Unknown);
        });
        let unknown = tables.map(|table| (table.name, TableState::Unknown));
        self.tables.send_modify(|known| known.extend(unknown));
    }

    /// Tells what was found, and counts and logs it, if it is something new.
    fn tell(&self, server: Server, found: ServerState, tables: Tables) {
        // That a server is down says all of its tables.
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

/// Asks a server until `stop`, and tells when something changes.
pub(super) async fn watch<F>(
    server: Server,
    ask: impl Fn() -> F,
    told: Told,
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
        told.tell(server, found, tables);
    }
}

/// The reason of a server that gave no answer within [`PATIENCE`].
pub(super) fn silent() -> String {
    format!("no answer within {} s", PATIENCE.as_secs())
}

/// One line for each time that a table changes sides; a reason that changes is no news.
fn show_table(table: &'static str, before: Option<&TableState>, now: &TableState, quiet: bool) {
    stores::TABLE_FITS.set([table], *now == TableState::Fits);
    match (before, now) {
        _ if quiet => {}
        (Some(TableState::Trouble(_)), TableState::Trouble(_)) => {}
        (_, TableState::Trouble(reason)) => {
            tracing::warn!(table, reason, "A table takes no rows.");
        }
        (Some(TableState::Trouble(_)), TableState::Fits) => {
            tracing::info!(table, "A table takes rows again.");
        }
        _ => {}
    }
}

/// The same for a server.
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
