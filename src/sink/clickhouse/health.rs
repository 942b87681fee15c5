//! Whether each server answers and each table takes rows, asked every second, for readiness and metrics.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::{ClickHouse, Databases, schema};
use crate::contract::{Pipeline, Table};

/// How often a server is asked. One question covers all tables of a database.
const EVERY: Duration = Duration::from_secs(1);

/// How long an answer may take. Whoever needs longer for this takes no rows in time, either.
const PATIENCE: Duration = Duration::from_secs(3);

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

/// How each table is, by name.
pub type States = BTreeMap<&'static str, TableState>;

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

/// How each server is, by its name in `pipeline.yaml`.
pub type Servers = BTreeMap<&'static str, ServerState>;

/// Where to tell what is found, and where to read it. Before the first question nothing is known.
pub fn unknown(
    databases: &Databases,
    pipeline: &Pipeline,
) -> (Told, watch::Receiver<Servers>, watch::Receiver<States>) {
    let all = servers(databases, pipeline);
    let names = all.iter().map(|w| (w.server, ServerState::Unknown));
    let (servers, told_servers) = watch::channel(names.collect());
    let tables = all.iter().flat_map(|w| &w.databases).flat_map(|(_, t)| t);
    let states = tables.map(|table| (table.name, TableState::Unknown));
    let (tables, told_tables) = watch::channel(states.collect());
    (Told { tables, servers }, told_servers, told_tables)
}

/// The servers that these databases are on.
pub fn servers(databases: &Databases, pipeline: &Pipeline) -> Vec<Watched> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (server, store) in databases.all() {
        let tables = store.tables(pipeline);
        found
            .entry(server)
            .or_default()
            .push((store.clone(), tables));
    }
    let watched = |(server, databases)| Watched { server, databases };
    found.into_iter().map(watched).collect()
}

/// A server to watch, and the tables of each of its databases.
pub struct Watched {
    /// Its name.
    pub server: &'static str,
    /// Its databases with their tables.
    pub databases: Vec<(ClickHouse, Vec<&'static Table>)>,
}

/// Where is told what was found. Those who watch other servers tell it there, too.
#[derive(Debug, Clone)]
pub struct Told {
    /// How the tables are.
    pub tables: watch::Sender<States>,
    /// How the servers are.
    pub servers: watch::Sender<Servers>,
}

/// Asks one server until `stop`, and tells when something changes.
pub async fn watch(watched: Watched, told: Told, stop: CancellationToken) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        let Some((server, tables)) = stop.run_until_cancelled(ask(&watched)).await else {
            return;
        };
        // That a server is down says all of its tables.
        let quiet = matches!(server, ServerState::Down(_));
        told.servers.send_if_modified(|known| {
            log_server(watched.server, known.get(watched.server), &server);
            let changed = known.get(watched.server) != Some(&server);
            known.insert(watched.server, server);
            changed
        });
        told.tables.send_if_modified(|known| {
            let mut changed = false;
            for (table, state) in tables {
                let before = known.insert(table, state.clone());
                changed |= before.as_ref() != Some(&state);
                if !quiet {
                    log(table, before.as_ref(), &state);
                }
            }
            changed
        });
    }
}

async fn ask(watched: &Watched) -> (ServerState, States) {
    let mut server = ServerState::Up;
    let mut states = States::new();
    for (store, tables) in &watched.databases {
        let live = match &server {
            // One question is enough to know that it is down, and it may have taken long.
            ServerState::Down(reason) => Err(reason.clone()),
            _ => {
                let asked = store.columns(store.address().database(), tables);
                match timeout(PATIENCE, asked).await {
                    Ok(Err(error)) if error.code.is_none() => {
                        server = ServerState::Down(error.message.clone());
                        Err(error.message)
                    }
                    Ok(live) => live.map_err(|error| error.message),
                    Err(_) => {
                        let reason = format!("no answer within {} s", PATIENCE.as_secs());
                        server = ServerState::Down(reason.clone());
                        Err(reason)
                    }
                }
            }
        };
        let state = |table: &Table| match &live {
            Err(reason) => TableState::Trouble(reason.clone()),
            Ok(live) => match schema::misfits(table, live) {
                misfits if misfits.is_empty() => TableState::Fits,
                misfits => TableState::Trouble(misfits.join("; ")),
            },
        };
        states.extend(tables.iter().map(|table| (table.name, state(table))));
    }
    (server, states)
}

/// One line for each time that a table changes sides; a reason that changes is no news.
fn log(table: &str, before: Option<&TableState>, now: &TableState) {
    match (before, now) {
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
fn log_server(server: &'static str, before: Option<&ServerState>, now: &ServerState) {
    let up = matches!(now, ServerState::Up);
    metrics::gauge!("event_grpc_clickhouse_up", "server" => server).set(f64::from(u8::from(up)));
    match (before, now) {
        (Some(ServerState::Down(_)), ServerState::Down(_)) => {}
        (_, ServerState::Down(reason)) => {
            tracing::warn!(server, reason, "A ClickHouse server does not answer.");
        }
        (Some(ServerState::Down(_)), ServerState::Up) => {
            tracing::info!(server, "A ClickHouse server answers again.");
        }
        _ => {}
    }
}
