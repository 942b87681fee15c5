//! Whether each table takes rows, asked every second, for readiness and metrics.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{Postgres, schema};
use crate::contract::Table;
use crate::sink::clickhouse::health::{States, TableState, update};

/// How often the server is asked. One question covers all tables.
const EVERY: Duration = Duration::from_secs(1);

/// Asks until `stop`, and tells `states` when something changes.
pub async fn watch(
    store: Postgres,
    tables: Vec<&'static Table>,
    states: watch::Sender<States>,
    stop: CancellationToken,
) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        let Some(found) = stop.run_until_cancelled(ask(&store, &tables)).await else {
            return;
        };
        update(&states, found);
    }
}

async fn ask(store: &Postgres, tables: &[&'static Table]) -> States {
    let live = store.columns(tables).await;
    let state = |table: &Table| match &live {
        Err(error) => TableState::Trouble(error.to_string()),
        Ok(live) => match schema::misfits(table, live) {
            misfits if misfits.is_empty() => TableState::Fits,
            misfits => TableState::Trouble(misfits.join("; ")),
        },
    };
    tables
        .iter()
        .map(|table| (table.name, state(table)))
        .collect()
}
