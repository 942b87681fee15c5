//! Report of a load, for people and for programs.

use std::fmt;

use serde::Serialize;

use super::send::Sent;
use super::stored::Arrived;
use crate::beside;
use crate::poison::Found;
use crate::process::Took;

/// Measured figures.
pub(super) struct Figures {
    pub(super) sent: Sent,
    pub(super) arrived: Option<Arrived>,
    pub(super) poison: Option<Found>,
    pub(super) beside: Option<beside::Found>,
    pub(super) processes: Vec<Took>,
    pub(super) bytes_an_event: f64,
}

/// The result of a load.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    requests: u64,
    acknowledged: u64,
    rejected: u64,
    given_up: u64,
    repeated: u64,
    reason: Option<String>,
    bytes_an_event: f64,
    seconds: f64,
    requests_a_second: f64,
    acknowledged_a_second: f64,
    latency_ms: Latency,
    stored: Option<Stored>,
    #[serde(skip_serializing_if = "Option::is_none")]
    poison: Option<Found>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<beside::Found>,
    processes: Vec<Process>,
}

/// From when a request was due until its answer, in milliseconds.
#[derive(Debug, Serialize)]
struct Latency {
    p50: f64,
    p90: f64,
    p99: f64,
    p999: f64,
    max: f64,
}

#[derive(Debug, Serialize)]
struct Stored {
    events: u64,
    missing: u64,
    /// Rows beyond one an event, which vanish when ClickHouse merges.
    repeated_rows: u64,
    doubled: u64,
    seconds: f64,
    events_a_second: f64,
    seconds_after_the_last_answer: f64,
}

#[derive(Debug, Serialize)]
struct Process {
    name: String,
    cpu_seconds: f64,
    cpu_seconds_a_million_events: f64,
    peak_mib: f64,
}

impl Report {
    pub(super) fn new(figures: &Figures) -> Self {
        let sent = &figures.sent;
        let seconds = (sent.ended - sent.began).as_secs_f64();
        let millis = |quantile: f64| sent.latency.value_at_quantile(quantile) as f64 / 1000.0;
        Report {
            requests: sent.requests,
            acknowledged: sent.acknowledged,
            rejected: sent.rejected,
            given_up: sent.given_up,
            repeated: sent.repeated,
            reason: sent.reason.clone(),
            bytes_an_event: figures.bytes_an_event,
            seconds,
            requests_a_second: sent.requests as f64 / seconds,
            acknowledged_a_second: sent.acknowledged as f64 / seconds,
            latency_ms: Latency {
                p50: millis(0.5),
                p90: millis(0.9),
                p99: millis(0.99),
                p999: millis(0.999),
                max: sent.latency.max() as f64 / 1000.0,
            },
            stored: figures
                .arrived
                .as_ref()
                .map(|arrived| Stored::new(arrived, sent)),
            poison: figures.poison.clone(),
            beside: figures.beside.clone(),
            processes: figures
                .processes
                .iter()
                .map(|took| Process {
                    name: took.name.clone(),
                    cpu_seconds: took.cpu,
                    cpu_seconds_a_million_events: took.cpu * 1e6 / sent.acknowledged.max(1) as f64,
                    peak_mib: took.peak as f64 / f64::from(1 << 20),
                })
                .collect(),
        }
    }

    /// True if every event was acknowledged, and is there once if that was asked.
    pub(super) fn complete(&self) -> bool {
        let stored = |stored: &Stored| stored.missing == 0 && stored.doubled == 0;
        self.rejected == 0
            && self.given_up == 0
            && self.stored.as_ref().is_none_or(stored)
            && self.poison.as_ref().is_none_or(|p| p.wrong.is_empty())
            && self.beside.as_ref().is_none_or(|b| b.wrong.is_empty())
    }
}

impl Stored {
    fn new(arrived: &Arrived, sent: &Sent) -> Self {
        let seconds = (arrived.at - sent.began).as_secs_f64();
        Stored {
            events: arrived.events,
            missing: sent.acknowledged.saturating_sub(arrived.events),
            repeated_rows: arrived.rows.saturating_sub(arrived.events),
            doubled: arrived.doubled,
            seconds,
            events_a_second: arrived.events as f64 / seconds,
            seconds_after_the_last_answer: arrived
                .at
                .saturating_duration_since(sent.ended)
                .as_secs_f64(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let latency = &self.latency_ms;
        writeln!(
            f,
            "acknowledged  {} events of {:.0} bytes in {:.1} s: {:.0} events/s, {:.0} requests/s",
            self.acknowledged,
            self.bytes_an_event,
            self.seconds,
            self.acknowledged_a_second,
            self.requests_a_second
        )?;
        writeln!(
            f,
            "latency       p50 {:.1} ms, p90 {:.1}, p99 {:.1}, p99.9 {:.1}, longest {:.1}",
            latency.p50, latency.p90, latency.p99, latency.p999, latency.max
        )?;
        match &self.stored {
            Some(stored) => writeln!(
                f,
                "stored        {} events in {:.1} s: {:.0} events/s, the last {:.2} s after the last answer; {} missing, \
                 {} rows repeated, {} events doubled",
                stored.events,
                stored.seconds,
                stored.events_a_second,
                stored.seconds_after_the_last_answer,
                stored.missing,
                stored.repeated_rows,
                stored.doubled
            )?,
            None => writeln!(
                f,
                "stored        not asked; --clickhouse-url tells where to"
            )?,
        }
        if let Some(poison) = &self.poison {
            writeln!(
                f,
                "poison        {} sent: {} dead letters, {} good events beside them stored, {} wrong",
                poison.sent,
                poison.letters,
                poison.beside,
                poison.wrong.len()
            )?;
            for wrong in &poison.wrong {
                writeln!(f, "              {wrong}")?;
            }
        }
        if let Some(beside) = &self.beside {
            writeln!(
                f,
                "beside        {} accounts, launches and webhooks sent: {} rows in PostgreSQL, {} requests to the HTTP API, {} \
                 wrong",
                beside.sent,
                beside.rows,
                beside.requests,
                beside.wrong.len()
            )?;
            for wrong in &beside.wrong {
                writeln!(f, "              {wrong}")?;
            }
        }
        if self.rejected + self.given_up + self.repeated > 0 {
            writeln!(
                f,
                "not smooth    {} events rejected, {} given up, {} requests sent again{}",
                self.rejected,
                self.given_up,
                self.repeated,
                self.reason
                    .as_ref()
                    .map(|r| format!("; the last reason: {r}"))
                    .unwrap_or_default()
            )?;
        }
        for process in &self.processes {
            writeln!(
                f,
                "{:<13} {:.2} CPU s, {:.2} for a million events; at most {:.0} MiB",
                process.name,
                process.cpu_seconds,
                process.cpu_seconds_a_million_events,
                process.peak_mib
            )?;
        }
        Ok(())
    }
}
