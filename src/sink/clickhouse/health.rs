//! Whether each table takes rows, asked every second, for readiness and metrics.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{ClickHouse, schema};
use crate::contract::Table;

/// How often the server is asked. One question covers all tables.
const EVERY: Duration = Duration::from_secs(1);

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

/// What is known before the first question.
pub fn unknown(tables: &[&'static Table]) -> States {
    tables
        .iter()
        .map(|table| (table.name, TableState::Unknown))
        .collect()
}

/// Asks until `stop`, and tells `states` when something changes.
pub async fn watch(
    store: ClickHouse,
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

/// Tells `states` what was found, if it is something new, and counts and logs it.
pub(in crate::sink) fn update(states: &watch::Sender<States>, found: States) {
    states.send_if_modified(|known| {
        let changed = *known != found;
        for (table, state) in &found {
            log(table, known.get(table), state);
        }
        *known = found;
        changed
    });
}

async fn ask(store: &ClickHouse, tables: &[&'static Table]) -> States {
    let live = store.columns(store.address().database(), tables).await;
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

/// One line for each time that a table changes sides; a reason that changes is no news.
fn log(table: &'static str, before: Option<&TableState>, now: &TableState) {
    let fits = f64::from(u8::from(*now == TableState::Fits));
    metrics::gauge!("event_grpc_table_fits", "table" => table).set(fits);
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
