//! Keeps the engine running: starts it again when it ends by itself, until told to stop.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::error::EngineError;
use super::process::Engine;

/// The first pause before a restart; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The longest pause before a restart.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// An engine that ran for this long was well, so its end is a new trouble and not the old one.
const WELL: Duration = Duration::from_secs(60);

/// Runs until `stop` is cancelled, then ends the engine.
///
/// While the engine is away its clients get errors and wait, as with any server that is gone. It
/// comes back under the same URL and with every row that an insert was confirmed for.
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
            "The ClickHouse engine ended and is started again."
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
                    tracing::error!(error = %error, "The ClickHouse engine could not be started.")
                }
            }
        }
        started = Instant::now();
        tracing::info!(pid = engine.pid(), "The ClickHouse engine runs again.");
    }
}
