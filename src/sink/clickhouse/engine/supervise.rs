//! Supervisor of the engine: restarts it with backoff when it ends by itself, until stopped.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::error::EngineError;
use super::process::Engine;

/// First backoff before a restart; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Maximum backoff before a restart.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Uptime after which the backoff starts again from the first one.
const WELL: Duration = Duration::from_secs(60);

/// Runs until `stop` is cancelled, then ends the engine.
///
/// While the engine is down its clients get errors and wait, as with any server. It comes back under the same URL and
/// with every row of a confirmed insert.
pub async fn supervise(mut engine: Engine, stop: CancellationToken) -> Result<(), EngineError> {
    let mut pause = FIRST_PAUSE;
    let mut started = Instant::now();
    loop {
        let status = tokio::select! {
            () = stop.cancelled() => return engine.stop().await,
            status = engine.exited() => status,
        };
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        tracing::error!(
            status,
            log = engine.log_tail(),
            "The ClickHouse engine ended unexpectedly; it is restarted."
        );
        if started.elapsed() > WELL {
            pause = FIRST_PAUSE;
        }
        loop {
            if stop
                .run_until_cancelled(tokio::time::sleep(pause))
                .await
                .is_none()
            {
                return engine.stop().await;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            let Some(outcome) = stop.run_until_cancelled(engine.restart()).await else {
                return engine.stop().await;
            };
            match outcome {
                Ok(()) => break,
                Err(error) => {
                    tracing::error!(error = %error, "The ClickHouse engine could not be restarted.")
                }
            }
        }
        started = Instant::now();
        tracing::info!(
            pid = engine.pid(),
            "The ClickHouse engine is running again."
        );
    }
}
