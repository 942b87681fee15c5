//! PostgreSQL, if it is configured, and what is off without it.

use std::collections::BTreeMap;

use super::Config;
use crate::contract::{Pipeline, Storage};
use crate::hooks;
use crate::ops::readiness::OffQueues;
use crate::sink::Stores;
use crate::sink::postgres::{self, Postgres};

/// The database that was configured, if one was. Its state is said, and ends a strict start.
pub(super) async fn connect(
    config: &Config,
    pipeline: &'static Pipeline,
) -> anyhow::Result<Option<Postgres>> {
    let Some(address) = &config.postgres else {
        return Ok(None);
    };
    let store = Postgres::new(address.clone(), hooks::all())?;
    let wrong = match postgres::migrate::check(&store, pipeline).await {
        Ok(report) if report.fits() => {
            tracing::info!(postgres = %store.address(), "PostgreSQL is as the pipeline has it.");
            return Ok(Some(store));
        }
        Ok(report) => report.to_string(),
        Err(error) => error.to_string(),
    };
    anyhow::ensure!(
        !config.strict,
        "the PostgreSQL tables are not as the pipeline has them; event-grpc migrate may help\n{wrong}"
    );
    tracing::warn!(
        wrong,
        "The PostgreSQL tables are not as the pipeline has them; their queues wait."
    );
    Ok(Some(store))
}

/// The queues whose destination is not configured, and why; one line is logged for each reason.
pub(super) fn off(pipeline: &'static Pipeline, stores: &Stores) -> OffQueues {
    let mut by_reason: BTreeMap<&'static str, Vec<&'static str>> = BTreeMap::new();
    for queue in pipeline.queues {
        let Some(table) = queue.into.table().filter(|t| stores.of(t).is_none()) else {
            continue;
        };
        let reason = match table.storage {
            Storage::ClickHouse => "its table has no ClickHouse",
            Storage::Postgres(_) => "no --postgres-url (EVENT_GRPC_POSTGRES_URL) is given",
        };
        by_reason.entry(reason).or_default().push(queue.name);
    }
    let mut off = OffQueues::new();
    for (reason, queues) in by_reason {
        let named = queues.join(", ");
        tracing::warn!(queues = named, reason, "These queues are off.");
        off.extend(queues.into_iter().map(|queue| (queue, reason)));
    }
    off
}
