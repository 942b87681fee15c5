//! Automatic replay: dead letters of event types that this build has learned.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::broker::Broker;
use crate::contract::Pipeline;
use crate::ops::replay::unknown;
use crate::sink::clickhouse::Databases;
use crate::sink::clickhouse::dead_letters::DeadLetters;

/// Starts the automatic replay, if the pipeline's dead letters can be replayed.
pub(super) fn start(
    tasks: &mut JoinSet<()>,
    databases: &Databases,
    pipeline: &'static Pipeline,
    broker: &Arc<dyn Broker>,
    every: Duration,
    stop: CancellationToken,
) {
    match DeadLetters::new(databases, pipeline) {
        Ok(letters) => {
            tasks.spawn(unknown::watch(
                letters,
                pipeline,
                Arc::clone(broker),
                every,
                stop,
            ));
        }
        Err(reason) => tracing::info!(
            %reason,
            "Automatic replay of dead letters of unknown types is disabled."
        ),
    }
}
