//! PostgreSQL, if it is configured.

use super::Config;
use crate::contract::Pipeline;
use crate::hooks;
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
