//! `cargo xtask soak`: an even load for an hour, and a check that memory, handles and threads of the server stay flat,
//! that it doesn't flood its log, and that every event is accounted for.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::bench::setting::{Running, Setting};
use crate::memory::resident;
use crate::services::{self, Keep, Kept};
use crate::{build, siege};

/// Rows of the printed table.
const ROWS: usize = 12;
/// Part of the samples at each end that are compared: a sixth.
const PART: usize = 6;
/// Maximum rise of resident memory from the first part to the last: a tenth, and this many MiB.
const MEMORY: u64 = 16;
/// Maximum rise of the number of open handles.
const HANDLES: u64 = 16;
/// Maximum rise of the number of threads.
const THREADS: u64 = 4;
/// Maximum number of log lines a minute, beside those of the start.
const LINES: u64 = 6;
/// Log lines of the start.
const FIRST_LINES: u64 = 100;

/// Load a server evenly for an hour, and check that memory, handles and threads stay flat and nothing is lost.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Duration of the load, in minutes
    #[arg(long, default_value_t = 60.0)]
    minutes: f64,
    /// Events a second
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    rate: u64,
    /// Use a development build
    #[arg(long)]
    dev: bool,
}

/// What the server used at one moment.
#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Duration,
    /// Resident memory of the server, in MiB.
    memory: u64,
    handles: u64,
    threads: u64,
    lines: u64,
    /// Resident memory of RabbitMQ and ClickHouse, in MiB.
    others: [u64; 2],
}

/// Runs the load; fails if something grows, floods the log, or is missing.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let interrupt = services::interrupts()?;
    if !(1.0..=24.0 * 60.0).contains(&args.minutes) {
        bail!("--minutes should be from 1 to 1440");
    }
    services::install::missing_packages(&["rabbitmq"])?;
    let release: &[&str] = if args.dev { &[] } else { &["--release"] };
    let built = build::all(release)?;
    // On disk: what an hour brings would be much for a file system in memory.
    let directory = tempfile::Builder::new()
        .prefix("event-grpc-soak-")
        .tempdir()?;
    let running = Setting::Remote.start(&built.server, directory.path())?;
    siege::wait_until_ready(&built.loadgen, &running, None)?;

    let time = Duration::from_secs_f64(args.minutes * 60.0);
    let events = (time.as_secs_f64() * args.rate as f64) as u64;
    println!(
        "soak: {events} events, {} a second, for {} minutes",
        args.rate, args.minutes
    );
    let report = directory.path().join("load.json");
    let load = load(&built.loadgen, &running, events, args.rate, &report)?;
    let samples = watch(load, &running, time, &interrupt)?;
    print_table(&samples);
    let mut wrong = judge(&samples, time);
    let text = fs::read_to_string(&report)?;
    match serde_json::from_str::<Value>(&text) {
        Ok(report) => {
            println!("{}", siege::told(&report, true));
            if report.pointer("/stored/missing") != Some(&Value::from(0)) {
                wrong.push(format!("events are missing: {text}"));
            }
        }
        Err(_) => wrong.push(format!("the load has no report: {text}")),
    }
    if let Err(error) = siege::ledger(&built.server, &running, None) {
        wrong.push(format!("{error:#}"));
    }
    if wrong.is_empty() {
        println!(
            "Memory, handles and threads stayed flat, and the ledger accounts for every message."
        );
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}", siege::end_of(&running.log));
    bail!("{}", wrong.join("; "))
}

/// Starts the load: it sends every request until it is accepted, and then looks for every event.
fn load(loadgen: &Path, running: &Running, events: u64, rate: u64, report: &Path) -> Result<Kept> {
    let mut command = Command::new(loadgen);
    command.args(["load", "--json", "--patience", "1200"]);
    command.args(["--events", &events.to_string(), "--rate", &rate.to_string()]);
    command.args([
        "--to",
        &running.grpc,
        "--clickhouse-url",
        &running.clickhouse,
    ]);
    let keep = Keep {
        name: "the load",
        signal: "TERM",
        directory: None,
        log: Some(report),
    };
    Kept::spawn(&keep, &command)
}

/// Samples while events come in, and waits until the load has looked for all of them.
fn watch(
    mut load: Kept,
    running: &Running,
    time: Duration,
    interrupt: &Receiver<()>,
) -> Result<Vec<Sample>> {
    let begun = Instant::now();
    let every = (time / 240).max(Duration::from_secs(1));
    let mut samples = Vec::new();
    loop {
        match interrupt.recv_timeout(every) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => bail!("interrupted"),
        }
        // Looking for the events is work that isn't the server's.
        if begun.elapsed() < time {
            samples.push(Sample::take(begun.elapsed(), running)?);
        }
        match load.ended()? {
            Some(status) if status.success() => return Ok(samples),
            Some(_) => {
                print_table(&samples);
                bail!("events are missing, refused or doubled");
            }
            None => {}
        }
    }
}

impl Sample {
    fn take(at: Duration, running: &Running) -> Result<Self> {
        let pid = |wanted: &str| {
            let found = running.processes.iter().find(|(name, _)| *name == wanted);
            found
                .map(|(_, pid)| *pid)
                .with_context(|| format!("there is no process {wanted}"))
        };
        let server = pid("server")?;
        let entries = |folder: &str| -> Result<u64> {
            let path = format!("/proc/{server}/{folder}");
            let entries = fs::read_dir(&path).with_context(|| format!("{path} can't be read"))?;
            Ok(entries.count() as u64)
        };
        Ok(Sample {
            at,
            memory: resident(server)?,
            handles: entries("fd")?,
            threads: entries("task")?,
            lines: fs::read_to_string(&running.log)?.lines().count() as u64,
            others: [resident(pid("rabbitmq")?)?, resident(pid("clickhouse")?)?],
        })
    }
}

fn print_table(samples: &[Sample]) {
    println!("minute  memory  handles  threads  log lines  RabbitMQ  ClickHouse");
    let step = samples.len().div_ceil(ROWS).max(1);
    for sample in samples.iter().skip(step - 1).step_by(step) {
        println!(
            "{:>6.1} {:>3} MiB {:>8} {:>8} {:>10} {:>5} MiB {:>7} MiB",
            sample.at.as_secs_f64() / 60.0,
            sample.memory,
            sample.handles,
            sample.threads,
            sample.lines,
            sample.others[0],
            sample.others[1],
        );
    }
}

/// What has grown from the first part of the run to the last, or is too much. The very first part is left out: pools
/// fill, and pages of memory are touched for the first time.
fn judge(samples: &[Sample], time: Duration) -> Vec<String> {
    let part = samples.len() / PART;
    let (Some(first), Some(last)) = (
        samples.get(part..2 * part),
        samples.get(samples.len() - part..),
    ) else {
        return vec!["there are too few samples".to_owned()];
    };
    if part == 0 {
        return vec!["there are too few samples".to_owned()];
    }
    let mut wrong = Vec::new();
    let mut flat = |name: &str, of: fn(&Sample) -> u64, allowed: &dyn Fn(u64) -> u64| {
        let (before, after) = (median(first, of), median(last, of));
        if after > before + allowed(before) {
            wrong.push(format!("{name} grew from {before} to {after}"));
        }
    };
    flat("memory in MiB", |s| s.memory, &|before| {
        before / 10 + MEMORY
    });
    flat("open handles", |s| s.handles, &|_| HANDLES);
    flat("threads", |s| s.threads, &|_| THREADS);
    let lines = samples.last().map_or(0, |s| s.lines);
    let allowed = FIRST_LINES + LINES * (time.as_secs() / 60 + 1);
    if lines > allowed {
        wrong.push(format!(
            "the log has {lines} lines, and {allowed} are allowed"
        ));
    }
    wrong
}

fn median(samples: &[Sample], of: fn(&Sample) -> u64) -> u64 {
    let mut figures: Vec<u64> = samples.iter().map(of).collect();
    figures.sort_unstable();
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(grow: u64) -> Vec<Sample> {
        let sample = |n: u64| Sample {
            at: Duration::from_secs(n),
            memory: 100 + n * grow,
            handles: 50 + n * grow,
            threads: 8,
            lines: 20,
            others: [0, 0],
        };
        (0..240).map(sample).collect()
    }

    #[test]
    fn what_grows_is_told() {
        let hour = Duration::from_secs(3600);
        assert_eq!(judge(&samples(0), hour), Vec::<String>::new());
        assert_eq!(
            judge(&samples(1), hour),
            [
                "memory in MiB grew from 160 to 320",
                "open handles grew from 110 to 270"
            ]
        );
        let few = samples(0);
        assert_eq!(judge(&few[..3], hour), ["there are too few samples"]);
    }
}
