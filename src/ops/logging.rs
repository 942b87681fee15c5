//! Logs on stderr, as text for people or as JSON for collectors.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging. `filter` is a level, or levels by module as in `info,event_grpc=debug`.
pub fn start(format: Format, filter: &str) -> anyhow::Result<()> {
    // These libraries tell of each reconnect and each request what the server sums up itself, and lapin calls it an
    // error that a connection ends when it is closed. What the filter says of them comes last and counts.
    let whole = format!("lapin=off,clickhouse=warn,h2=warn,hyper=warn,{filter}");
    let levels = EnvFilter::try_new(&whole).map_err(|e| {
        anyhow::anyhow!(
            "--log {filter:?} is not a log filter: {e}; for example: info,event_grpc=debug"
        )
    })?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(levels)
        // Colours are for people.
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = match format {
        Format::Text => lines.with_target(false).try_init(),
        Format::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|e| anyhow::anyhow!("logging can't start: {e}"))
}
