//! The filter of the log, read again from the configuration file on SIGHUP.

use tokio::signal::unix::Signal;

use super::super::settings;
use crate::ops::logging;

/// Option of the filter.
const OPTION: &str = "log";

/// Reads the filter again at each signal, for as long as it is polled. What can't be used changes nothing.
pub(super) async fn follow(mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        let read = tokio::task::spawn_blocking(|| settings::again(OPTION)).await;
        let outcome = match read {
            Ok(Ok(Some(filter))) => logging::set(&filter).map_err(|error| error.to_string()),
            Ok(Ok(None)) => {
                tracing::info!(
                    "SIGHUP changes nothing: the filter of the log isn't from a configuration file."
                );
                continue;
            }
            Ok(Err(wrong)) => Err(wrong),
            Err(error) => Err(error.to_string()),
        };
        if let Err(reason) = outcome {
            tracing::error!(reason, "The filter of the log stays as it is.");
        }
    }
}
