//! Traces at start, if they are configured.

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Config;
use crate::trace::{Exporter, Tracer, TracesError};

/// What records spans, and its exporter; off without options.
pub(super) fn tracer(config: &Config) -> Result<(Tracer, Option<Exporter>), TracesError> {
    let Some(options) = &config.traces else {
        return Ok((Tracer::default(), None));
    };
    let messaging = match config.amqp_url {
        Some(_) => "rabbitmq",
        None => "memory",
    };
    let (tracer, exporter) = Tracer::new(options, messaging)?;
    Ok((tracer, Some(exporter)))
}

/// Starts what is configured: the exporter runs among `tasks` until `stop`.
pub(super) fn start(
    config: &Config,
    tasks: &mut JoinSet<()>,
    stop: &CancellationToken,
) -> Result<Tracer, TracesError> {
    let (tracer, exporter) = tracer(config)?;
    if let Some(exporter) = exporter {
        tasks.spawn(exporter.run(stop.clone()));
    }
    Ok(tracer)
}
