//! Health probes of PostgreSQL and its tables.

use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Postgres, schema};
use crate::contract::Table;
use crate::sink::health::{
    self, HealthReporter, Server, ServerState, TIME_LIMIT, TableState, Tables,
};

/// Probes until `stop`, and publishes changes. Until this runs nothing is known.
pub fn watch(
    store: Postgres,
    tables: Vec<&'static Table>,
    reporter: HealthReporter,
    stop: CancellationToken,
) -> impl Future<Output = ()> + Send + use<> {
    reporter.unknown(Server::Postgres, tables.iter().copied());
    async move { health::watch(Server::Postgres, || ask(&store, &tables), reporter, stop).await }
}

async fn ask(store: &Postgres, tables: &[&'static Table]) -> (ServerState, Tables) {
    // One host of several may time out before the next one answers.
    let limit = match store.address().is_of_several() {
        true => TIME_LIMIT + store.address().time_limit(),
        // Longer than the question's own limit, so that a connection without an answer is dropped.
        false => TIME_LIMIT + Duration::from_secs(1),
    };
    let live = match timeout(limit, store.columns(tables, TIME_LIMIT)).await {
        Ok(live) => live.map_err(|error| error.message),
        Err(_) => Err(health::silent()),
    };
    let state = |table: &Table| match &live {
        Err(reason) => TableState::Trouble(reason.clone()),
        Ok(live) => TableState::of(&schema::misfits(table, live)),
    };
    let tables = tables.iter().map(|table| (table.name, state(table)));
    let tables = tables.collect();
    match live {
        Ok(_) => (ServerState::Up, tables),
        Err(reason) => (ServerState::Down(reason), tables),
    }
}
