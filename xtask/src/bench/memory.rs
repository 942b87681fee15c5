//! `memory` benchmark: the server's memory over ten million events, and over as many while ClickHouse is frozen for a
//! minute.

use std::fs;
use std::process::{Command, ExitCode};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{Scenario, load, report};
use crate::build::Executables;
use crate::memory::resident;
use crate::services::{Keep, Kept};

/// Default number of events of a run.
pub(super) const EVENTS: u64 = 10_000_000;
/// Sampling interval.
const EVERY: Duration = Duration::from_secs(1);
/// Duration of the freeze.
const FROZEN: Duration = Duration::from_secs(60);
/// Time limit for storing the backlog.
const CATCHING_UP: Duration = Duration::from_secs(600);
/// Number of equal parts of a run.
const PARTS: usize = 10;

/// Samples of a run.
struct Run {
    /// Resident memory each second, in MiB.
    samples: Vec<u64>,
    report: Value,
}

/// Runs the load twice and prints the server's memory in each tenth of both runs.
pub(super) fn run(
    scenario: &Scenario,
    built: &Executables,
    events: u64,
    interrupt: &Receiver<()>,
) -> Result<ExitCode> {
    let observe = |freeze| observe(scenario, built, events, freeze, interrupt);
    let steady = observe(None).context("the first run")?;
    // In the middle of the load, according to the first run.
    let half = steady.figure("/seconds").context("no time is reported")? / 2.0;
    let frozen = observe(Some(Duration::from_secs_f64(half))).context("the run with the outage")?;

    println!(
        "| tenth of the run | lowest MiB | median | highest | ClickHouse frozen: lowest MiB | median | highest |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for part in 0..PARTS {
        println!(
            "| {} | {} | {} |",
            part + 1,
            steady.part(part),
            frozen.part(part)
        );
    }
    println!(
        "\n{events} events, {} a second stored: at most {} MiB. With ClickHouse frozen for {} s from second {half:.0} on, \
         {} a second: at most {} MiB, {} requests sent again.",
        steady.text("/stored/events_a_second"),
        steady.text("/processes/0/peak_mib"),
        FROZEN.as_secs(),
        frozen.text("/stored/events_a_second"),
        frozen.text("/processes/0/peak_mib"),
        frozen.text("/repeated"),
    );
    Ok(ExitCode::SUCCESS)
}

/// One run over servers of its own; ClickHouse is frozen so long after the beginning of the load, if at all.
fn observe(
    scenario: &Scenario,
    built: &Executables,
    events: u64,
    freeze: Option<Duration>,
    interrupt: &Receiver<()>,
) -> Result<Run> {
    let directory = super::directory()?;
    let running = scenario.setting.start(&built.server, directory.path())?;
    let pid_of = |name: &str| {
        let mut processes = running.processes.iter();
        let found = processes.find(|(running, _)| *running == name);
        found
            .map(|(_, pid)| *pid)
            .with_context(|| format!("there is no {name}"))
    };
    let (server, clickhouse) = (pid_of("server")?, pid_of("clickhouse")?);
    let mut command = load(scenario, &built.loadgen, &running, events);
    command.args(["--patience", &CATCHING_UP.as_secs().to_string()]);
    let log = directory.path().join("load.log");
    let keep = Keep {
        name: "the load",
        signal: "TERM",
        directory: None,
        log: Some(&log),
    };
    let mut load = Kept::spawn(&keep, &command)?;
    let begun = Instant::now();
    let mut samples = Vec::new();
    let (mut freeze, mut frozen) = (freeze, None);
    let status = loop {
        if let Some(status) = load.ended()? {
            break status;
        }
        samples.push(resident(server)?);
        if freeze.is_some_and(|after| begun.elapsed() >= after) {
            freeze = None;
            frozen = Some((Instant::now(), Frozen::begin(clickhouse)?));
        }
        if frozen
            .as_ref()
            .is_some_and(|(since, _)| since.elapsed() >= FROZEN)
        {
            frozen = None;
        }
        match interrupt.recv_timeout(EVERY) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => bail!("interrupted"),
        }
    };
    let text = fs::read_to_string(&log)?;
    if freeze.is_some() {
        bail!("the load was over before ClickHouse could be frozen; use more --events");
    }
    let report = report(status.success(), &text, "")?;
    eprintln!("{}: {report}", scenario.name);
    Ok(Run { samples, report })
}

/// Process that is frozen while this lives.
struct Frozen(u32);

impl Frozen {
    fn begin(pid: u32) -> Result<Self> {
        signal(pid, "STOP")?;
        Ok(Frozen(pid))
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        if let Err(error) = signal(self.0, "CONT") {
            eprintln!("xtask: {error:#}");
        }
    }
}

fn signal(pid: u32, signal: &str) -> Result<()> {
    let status = Command::new("kill")
        .args(["-s", signal, &pid.to_string()])
        .status();
    if !status.context("cannot run kill")?.success() {
        bail!("process {pid} takes no signal");
    }
    Ok(())
}

impl Run {
    /// Cells of one part of the run.
    fn part(&self, part: usize) -> String {
        let at = |part: usize| part * self.samples.len() / PARTS;
        let mut samples = self.samples[at(part)..at(part + 1)].to_vec();
        samples.sort_unstable();
        match (samples.first(), samples.last()) {
            (Some(lowest), Some(highest)) => {
                format!("{lowest} | {} | {highest}", samples[samples.len() / 2])
            }
            // The run had fewer seconds than parts.
            _ => "- | - | -".to_owned(),
        }
    }

    fn figure(&self, path: &str) -> Option<f64> {
        self.report.pointer(path)?.as_f64()
    }

    fn text(&self, path: &str) -> String {
        self.figure(path)
            .map_or_else(|| "-".to_owned(), |figure| format!("{figure:.0}"))
    }
}
