//! Logging to stderr, as text for people or as JSON for collectors.

use std::io::IsTerminal as _;
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, reload};

use crate::sentry;

/// Format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Text for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The filter that is in force, and how to replace it.
static IN_FORCE: OnceLock<InForce> = OnceLock::new();

struct InForce {
    filter: Mutex<String>,
    replace: Box<dyn Fn(EnvFilter) -> Result<(), String> + Send + Sync>,
}

/// Initializes logging. `filter` is a level, or levels by module as in `info,event_grpc=debug`.
pub fn start(format: Format, filter: &str) -> anyhow::Result<()> {
    start_reported(format, filter, None)
}

/// Initializes logging. Errors that the filter lets through are reported, too.
pub fn start_reported(
    format: Format,
    filter: &str,
    reports: Option<sentry::Layer>,
) -> anyhow::Result<()> {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(levels(filter)?)
        // Colours are for terminals.
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let (started, replace) = match format {
        Format::Text => {
            let lines = lines.with_target(false).with_filter_reloading();
            let handle = lines.reload_handle();
            let started = lines.finish().with(reports).try_init();
            (started, replacing(move |new| handle.reload(new)))
        }
        Format::Json => {
            let lines = lines.json().flatten_event(true).with_filter_reloading();
            let handle = lines.reload_handle();
            let started = lines.finish().with(reports).try_init();
            (started, replacing(move |new| handle.reload(new)))
        }
    };
    started.map_err(|e| anyhow::anyhow!("could not initialize logging: {e}"))?;
    let filter = Mutex::new(filter.to_owned());
    drop(IN_FORCE.set(InForce { filter, replace }));
    Ok(())
}

/// The filter that is in force; none before logging has started.
pub fn filter() -> Option<String> {
    let in_force = IN_FORCE.get()?;
    let filter = in_force.filter.lock();
    Some(filter.unwrap_or_else(PoisonError::into_inner).clone())
}

/// Replaces the filter, and says so in the log, whatever the filter is.
///
/// # Errors
///
/// If it is no filter; the one before stays in force then.
pub fn set(filter: &str) -> anyhow::Result<()> {
    let new = levels(filter)?;
    let in_force = IN_FORCE
        .get()
        .ok_or_else(|| anyhow::anyhow!("logging has not started"))?;
    let mut before = in_force
        .filter
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if *before == filter {
        return Ok(());
    }
    // Said once, under the one of both that lets it through.
    let said = tracing::enabled!(tracing::Level::INFO);
    if said {
        tracing::info!(%before, filter, "The filter of the log changes.");
    }
    (in_force.replace)(new).map_err(|error| anyhow::anyhow!(error))?;
    if !said {
        tracing::info!(%before, filter, "The filter of the log has changed.");
    }
    *before = filter.to_owned();
    Ok(())
}

/// Checks a filter.
///
/// # Errors
///
/// If it is none.
pub fn check(filter: &str) -> anyhow::Result<()> {
    levels(filter).map(drop)
}

fn levels(filter: &str) -> anyhow::Result<EnvFilter> {
    // These libraries log each reconnect and each request, which the server summarizes itself, and lapin logs an error
    // when a connection is closed. The user's filter comes last and takes precedence.
    let whole = format!("lapin=off,clickhouse=warn,h2=warn,hyper=warn,{filter}");
    EnvFilter::try_new(&whole).map_err(|e| {
        anyhow::anyhow!(
            "--log {filter:?} is not a log filter: {e}; for example: info,event_grpc=debug"
        )
    })
}

fn replacing(
    replace: impl Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync + 'static,
) -> Box<dyn Fn(EnvFilter) -> Result<(), String> + Send + Sync> {
    Box::new(move |new| replace(new).map_err(|error| error.to_string()))
}
