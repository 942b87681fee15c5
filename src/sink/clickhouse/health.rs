//! Health probes of the ClickHouse servers and their tables.

use std::collections::BTreeMap;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{ClickHouse, Databases, schema};
use crate::contract::{Pipeline, Table};
use crate::sink::health::{
    self, HealthReporter, Server, ServerState, TIME_LIMIT, TableState, Tables,
};

/// Server to probe, and the tables of each of its databases.
pub struct Watched {
    /// Name of the server in `pipeline.yaml`.
    pub server: &'static str,
    /// Databases with their tables.
    pub databases: Vec<(ClickHouse, Vec<&'static Table>)>,
}

/// Servers of these databases.
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

/// Probes one server until `stop`, and publishes changes. Until this runs nothing is known.
pub fn watch(
    watched: Watched,
    reporter: HealthReporter,
    stop: CancellationToken,
) -> impl Future<Output = ()> + Send + use<> {
    let server = Server::ClickHouse(watched.server);
    let tables = watched.databases.iter().flat_map(|(_, tables)| tables);
    reporter.unknown(server, tables.copied());
    async move { health::watch(server, || ask(&watched), reporter, stop).await }
}

async fn ask(watched: &Watched) -> (ServerState, Tables) {
    let mut server = ServerState::Up;
    let mut states = Tables::new();
    for (store, tables) in &watched.databases {
        let live = match &server {
            // One question is enough to know that it is down, and it may have taken long.
            ServerState::Down(reason) => Err(reason.clone()),
            _ => {
                let asked = store.live(store.address().database(), tables);
                match timeout(TIME_LIMIT, asked).await {
                    Ok(Err(error)) if error.code.is_none() => {
                        server = ServerState::Down(error.message.clone());
                        Err(error.message)
                    }
                    Ok(live) => live.map_err(|error| error.message),
                    Err(_) => {
                        server = ServerState::Down(health::silent());
                        Err(health::silent())
                    }
                }
            }
        };
        let state = |table: &Table| match &live {
            Err(reason) => TableState::Trouble(reason.clone()),
            Ok(live) => TableState::of(&schema::misfits(table, live)),
        };
        states.extend(tables.iter().map(|table| (table.name, state(table))));
    }
    (server, states)
}
