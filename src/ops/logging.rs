//! Logging to stderr, as text for people or as JSON for collectors.

use std::io::{self, IsTerminal as _, Write};
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, reload};

use crate::plain;
use crate::sentry;
use crate::yaml::meant;

/// Libraries that log each reconnect and each request, which the server summarizes itself; lapin logs an error when a
/// connection is closed, and tokio-postgres the values of rows. A filter that names one of them takes precedence.
const QUIET: &str = "lapin=off,clickhouse=warn,h2=warn,hyper=warn,tokio_postgres=warn";

/// What targets of our own begin with.
const OURS: &str = "event_grpc";

/// Levels, for what is none.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Maximum length of a filter, in bytes.
const LONGEST: usize = 1_000;

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
    // Colours are for terminals.
    let colours = io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(levels(filter)?)
        .with_ansi(colours)
        .with_writer(move || Lines { colours });
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
    let parsed =
        directives(filter).and_then(|all| EnvFilter::try_new(all).map_err(|e| e.to_string()));
    parsed.map_err(|wrong| {
        let shown: String = filter.chars().take(100).collect();
        anyhow::anyhow!(
            "--log {shown:?} is not a log filter: {wrong}; for example: info,event_grpc=debug"
        )
    })
}

/// What a filter means: a level alone is of all lines of ours, while libraries, whose lines may hold anything, tell no more
/// than `info` unless they are named.
fn directives(filter: &str) -> Result<String, String> {
    if filter.len() > LONGEST {
        return Err(format!(
            "it has {} bytes, and may have {LONGEST}",
            filter.len()
        ));
    }
    let (mut levels, mut named) = (String::new(), String::new());
    for part in filter
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        match part.parse::<LevelFilter>() {
            Ok(level) if level > LevelFilter::INFO => {
                levels.push_str(&format!(",{},{OURS}={level}", LevelFilter::INFO));
            }
            Ok(level) => levels.push_str(&format!(",{level}")),
            // A word alone would turn on all of a module of that name, and everything else off.
            Err(_) if !part.contains(['=', '[', ':']) && !part.starts_with(OURS) => {
                let meant = meant(part, LEVELS);
                return Err(format!(
                    "`{part}` is no level{meant}; a module has its level behind it: {part}=debug"
                ));
            }
            Err(_) => named.push_str(&format!(",{part}")),
        }
    }
    Ok(format!("{QUIET}{levels}{named}"))
}

/// Writer of lines to stderr. Each is one line, and does nothing to a terminal, whatever senders and servers put into it.
struct Lines {
    colours: bool,
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let text = plain::log_line(&text, self.colours);
        io::stderr().lock().write_all(text.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

fn replacing(
    replace: impl Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync + 'static,
) -> Box<dyn Fn(EnvFilter) -> Result<(), String> + Send + Sync> {
    Box::new(move |new| replace(new).map_err(|error| error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::directives;

    #[test]
    fn libraries_tell_no_more_than_usual_unless_they_are_named() {
        let told = |filter: &str| {
            let all = directives(filter).unwrap_or_default();
            let own = all.strip_prefix(super::QUIET).unwrap_or_default();
            own.trim_start_matches(',').to_owned()
        };
        assert_eq!(told("warn"), "warn");
        assert_eq!(told("debug"), "info,event_grpc=debug");
        assert_eq!(told("TRACE, h2=trace"), "info,event_grpc=trace,h2=trace");
        // What is named counts more than a level alone, wherever it stands.
        assert_eq!(
            told("event_grpc=warn,debug"),
            "info,event_grpc=debug,event_grpc=warn"
        );
        assert_eq!(told("info,event_grpc::ingest"), "info,event_grpc::ingest");
    }

    #[test]
    fn a_word_that_is_no_level_is_told() {
        let wrong = |filter: &str| directives(filter).err().unwrap_or_default();
        assert!(
            wrong("inof").contains("did you mean `info`?"),
            "{}",
            wrong("inof")
        );
        assert!(wrong("info,ingest").contains("ingest=debug"));
        assert!(wrong(&"a=info,".repeat(200)).contains("may have 1000"));
    }
}
