//! PostgreSQL at start, if it is configured.

use super::Config;
use crate::contract::Pipeline;
use crate::hooks;
use crate::sink::postgres::{self, Postgres};

/// Opens the configured database, if there is one, and checks its schema; a strict start fails if it doesn't fit.
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
            tracing::info!(postgres = %store.address(), "The PostgreSQL tables match the pipeline.");
            return Ok(Some(store));
        }
        Ok(report) => report.to_string(),
        Err(error) => error.to_string(),
    };
    anyhow::ensure!(
        !config.strict,
        "the PostgreSQL tables don't match the pipeline; event-grpc migrate may fix this\n{wrong}"
    );
    tracing::warn!(
        wrong,
        "The PostgreSQL tables don't match the pipeline; messages for them wait in their queues."
    );
    Ok(Some(store))
}
