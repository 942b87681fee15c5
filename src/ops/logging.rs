//! Logging to stderr, as text for people or as JSON for collectors.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Text for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Initializes logging. `filter` is a level, or levels by module as in `info,event_grpc=debug`.
pub fn start(format: Format, filter: &str) -> anyhow::Result<()> {
    // These libraries log each reconnect and each request, which the server summarizes itself, and lapin logs an error
    // when a connection is closed. The user's filter comes last and takes precedence.
    let whole = format!("lapin=off,clickhouse=warn,h2=warn,hyper=warn,{filter}");
    let levels = EnvFilter::try_new(&whole).map_err(|e| {
        anyhow::anyhow!(
            "--log {filter:?} is not a log filter: {e}; for example: info,event_grpc=debug"
        )
    })?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(levels)
        // Colours are for terminals.
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = match format {
        Format::Text => lines.with_target(false).try_init(),
        Format::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|e| anyhow::anyhow!("could not initialize logging: {e}"))
}
