//! `cargo xtask siege`: every kind of hostile input beside valid events, once with everything embedded and once with
//! RabbitMQ, and a check that it harms nothing but itself.

mod proofs;
mod watch;

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::bench::setting::{Running, Setting};
use crate::build;
use crate::services::{self, Keep, Kept};
use proofs::Proofs;
use watch::Watch;

/// Maximum memory of the server, in MiB.
const SERVER: u64 = 400;
/// Maximum memory of ClickHouse, in MiB.
const CLICKHOUSE: u64 = 2048;
/// Events in one request of the valid load.
const BATCH: u64 = 20;
/// Start timeout of a server.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Polling interval.
const EVERY: Duration = Duration::from_millis(200);

/// Send every kind of hostile input at random beside valid events, and check that it harms nothing but itself.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Duration of each of the two runs, in minutes
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// The same seed makes the same inputs in the same order; drawn and printed if not given
    #[arg(long)]
    seed: Option<u64>,
    /// Valid events a second
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    rate: u64,
    /// Hostile inputs in all: half of them in each run
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    count: u32,
    /// Only kinds whose names contain one of these; `loadgen siege --list` shows them
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    kinds: Vec<String>,
    /// Only this run
    #[arg(long, value_enum)]
    only: Option<Only>,
    /// Timeout of an answer, in seconds
    #[arg(long, default_value_t = 40)]
    deadline: u64,
    /// Print no times
    #[arg(long)]
    no_times: bool,
    /// Use a development build
    #[arg(long)]
    dev: bool,
}

/// One of the two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Only {
    Embedded,
    Rabbitmq,
}

/// Runs at the end of `cargo xtask test`: every kind a few times, in a quarter of a minute each or some minutes,
/// without times.
fn of_tests(full: bool) -> Args {
    let (minutes, rate, count) = match full {
        true => (3.0, 1000, 6000),
        false => (0.2, 200, 400),
    };
    Args {
        minutes,
        seed: Some(11),
        rate,
        count,
        kinds: Vec::new(),
        only: None,
        deadline: 60,
        no_times: true,
        dev: true,
    }
}

/// Runs both; fails if anything was harmed.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let interrupt = services::interrupts()?;
    if !(0.05..=24.0 * 60.0).contains(&args.minutes) {
        bail!("--minutes should be from 0.05 to 1440");
    }
    services::install::missing_packages(&["rabbitmq"])?;
    besiege(args, &interrupt)?;
    Ok(ExitCode::SUCCESS)
}

/// Short or full runs after the tests.
pub(crate) fn after_tests(full: bool, interrupt: &Receiver<()>) -> Result<()> {
    besiege(&of_tests(full), interrupt)
}

fn besiege(args: &Args, interrupt: &Receiver<()>) -> Result<()> {
    let release: &[&str] = if args.dev { &[] } else { &["--release"] };
    let built = build::all(release)?;
    let seed = args.seed.unwrap_or_else(crate::chaos::random::seed);
    let runs = [
        (Only::Embedded, Setting::Embedded, "embedded"),
        (Only::Rabbitmq, Setting::Remote, "with RabbitMQ"),
    ];
    let mut wrong = Vec::new();
    for (only, setting, name) in runs {
        if args.only.is_some_and(|wanted| wanted != only) {
            continue;
        }
        println!("siege {name}: {}", again(args, seed));
        let directory = crate::bench::directory()?;
        // One of them is on loopback as it comes, the other asks everybody for a proof.
        let proofs = match only {
            Only::Embedded => None,
            Only::Rabbitmq => Some(Proofs::make(&built.loadgen, directory.path())?),
        };
        let variables = proofs.as_ref().map(Proofs::variables);
        let mut running = setting.start_with(
            &built.server,
            directory.path(),
            &variables.unwrap_or_default(),
        )?;
        if proofs.is_some() {
            proofs::over_tls(&mut running);
        }
        let proofs = proofs.as_ref();
        wait_until_ready(&built.loadgen, &running, proofs)?;
        let found = run_one(args, seed, &built.loadgen, &running, proofs, interrupt)
            .and_then(|()| ledger(&built.server, &running, proofs))
            .and_then(|()| proofs::are_not_in(&running.log));
        if let Err(error) = found {
            println!("{}", end_of(&running.log));
            wrong.push(format!("{name}: {error:#}"));
        }
    }
    if wrong.is_empty() {
        println!("No harm was done, and every hostile input was answered or is a dead letter.");
        return Ok(());
    }
    bail!("{}\nrepeat with {}", wrong.join("\n"), again(args, seed))
}

/// Waits until the server is ready: before that there are no exchanges to publish to.
pub(crate) fn wait_until_ready(
    loadgen: &Path,
    running: &Running,
    proofs: Option<&Proofs>,
) -> Result<()> {
    let mut command = Command::new(loadgen);
    command.args(["siege", "--until-ready", "--ops", &running.ops]);
    command.args(["--patience", &START_LIMIT.as_secs().to_string()]);
    if let Some(proofs) = proofs {
        command.arg("--proofs").arg(&proofs.folder);
    }
    let status = command.status().context("loadgen can't be run")?;
    if !status.success() {
        bail!("the server isn't ready after {START_LIMIT:?}");
    }
    Ok(())
}

/// Command that repeats the run.
fn again(args: &Args, seed: u64) -> String {
    let mut command = format!(
        "cargo xtask siege --seed {seed} --minutes {} --rate {} --count {}",
        args.minutes, args.rate, args.count
    );
    if !args.kinds.is_empty() {
        command.push_str(&format!(" --kinds '{}'", args.kinds.join(",")));
    }
    if args.dev {
        command.push_str(" --dev");
    }
    command
}

/// Runs valid and hostile load concurrently. Fails with all problems.
fn run_one(
    args: &Args,
    seed: u64,
    loadgen: &Path,
    running: &Running,
    proofs: Option<&Proofs>,
    interrupt: &Receiver<()>,
) -> Result<()> {
    let mut watch = Watch::begin(running)?;
    let log = running.log.with_file_name("load.log");
    let mut load = keep(
        "the good load",
        &good(args, loadgen, running, proofs),
        Some(&log),
    )?;
    let mut siege = keep(
        "the siege",
        &hostile(args, seed, loadgen, running, proofs),
        None,
    )?;
    let (good, harmless) = loop {
        watch.look()?;
        if let (Some(good), Some(harmless)) = (load.ended()?, siege.ended()?) {
            break (good, harmless);
        }
        match interrupt.recv_timeout(EVERY) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => bail!("interrupted"),
        }
    };
    let text = fs::read_to_string(&log)?;
    let mut wrong = Vec::new();
    match serde_json::from_str::<Value>(&text) {
        Ok(report) => println!("{}", told(&report, !args.no_times)),
        Err(_) => println!("{text}"),
    }
    if !good.success() {
        wrong.push(format!(
            "good events are missing, refused or doubled: {text}"
        ));
    }
    if !harmless.success() {
        wrong.push("a hostile input had an unexpected outcome".to_owned());
    }
    let limits = [("server", SERVER), ("clickhouse", CLICKHOUSE)];
    for (name, limit) in limits {
        let peak = watch.peak(name);
        println!("{name} had {peak} MiB at most; {limit} are allowed.");
        if peak > limit {
            wrong.push(format!("{name} had {peak} MiB, over {limit}"));
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("; "));
    }
    Ok(())
}

fn keep(name: &'static str, command: &Command, log: Option<&Path>) -> Result<Kept> {
    let keep = Keep {
        name,
        signal: "TERM",
        directory: None,
        log,
    };
    Kept::spawn(&keep, command)
}

/// Valid load: it sends every request until it is accepted, and checks every event in the end.
fn good(args: &Args, loadgen: &Path, running: &Running, proofs: Option<&Proofs>) -> Command {
    let events = (args.minutes * 60.0 * args.rate as f64) as u64;
    let mut command = Command::new(loadgen);
    command.args(["load", "--json", "--patience", "120"]);
    command.args(["--batch", &BATCH.to_string(), "--in-flight", "32"]);
    command.args(["--events", &events.max(BATCH).to_string()]);
    command.args(["--rate", &args.rate.to_string()]);
    command.args([
        "--to",
        &running.grpc,
        "--clickhouse-url",
        &running.clickhouse,
    ]);
    if let Some(proofs) = proofs {
        command.arg("--tls-ca").arg(proofs.file("ca.pem"));
        command.arg("--key-file").arg(proofs.file("keys/load"));
    }
    command
}

/// Hostile load.
fn hostile(
    args: &Args,
    seed: u64,
    loadgen: &Path,
    running: &Running,
    proofs: Option<&Proofs>,
) -> Command {
    let mut command = Command::new(loadgen);
    command.args(["siege", "--grpc", &running.grpc, "--http", &running.http]);
    command.args(["--ops", &running.ops]);
    command.args(["--clickhouse-url", &running.clickhouse]);
    match &running.amqp {
        Some(url) => command.args(["--amqp-url", url]),
        None => command.args(["--engine", &engine(&running.clickhouse)]),
    };
    if let Some(proofs) = proofs {
        command.arg("--proofs").arg(&proofs.folder);
    }
    command.args(["--count", &(args.count / 2).max(1).to_string()]);
    command.args(["--seconds", &(args.minutes * 60.0).to_string()]);
    command.args(["--seed", &seed.to_string()]);
    command.args(["--deadline", &args.deadline.to_string()]);
    if !args.kinds.is_empty() {
        command.args(["--kinds", &args.kinds.join(",")]);
    }
    if args.no_times {
        command.arg("--no-times");
    }
    command
}

/// Address of the embedded ClickHouse, without an account: http://USER:PASSWORD@ADDRESS/DATABASE has one.
fn engine(url: &str) -> String {
    let place = url.rsplit('@').next().unwrap_or(url);
    let place = place.split('/').next().unwrap_or(place);
    format!("http://{place}")
}

/// Results of the valid load.
pub(crate) fn told(report: &Value, times: bool) -> String {
    let figure = |path: &str| report.pointer(path).and_then(Value::as_f64).unwrap_or(0.0);
    let mut text = format!(
        "good events: {:.0} acknowledged, {:.0} missing, {:.0} doubled, {:.0} refused; {:.0} requests were sent again",
        figure("/acknowledged"),
        figure("/stored/missing"),
        figure("/stored/doubled"),
        figure("/rejected") + figure("/given_up"),
        figure("/repeated"),
    );
    if times {
        text.push_str(&format!(
            "\ngood senders waited: p50 {:.0} ms, p99 {:.0} ms, longest {:.0} ms; the aim on an idle machine is a p99 under a second",
            figure("/latency_ms/p50"),
            figure("/latency_ms/p99"),
            figure("/latency_ms/max"),
        ));
    }
    text
}

/// Checks that every message is accounted for.
pub(crate) fn ledger(executable: &Path, running: &Running, proofs: Option<&Proofs>) -> Result<()> {
    let mut command = Command::new(executable);
    command.args(["ledger", "--wait", "20", "--instance", &running.ops]);
    if let Some(url) = &running.amqp {
        command.args(["--amqp-url", url]);
    }
    if let Some(proofs) = proofs {
        command.env("EVENT_GRPC_OPS_CA", proofs.file("ca.pem"));
        command.env("EVENT_GRPC_OPS_TOKEN_FILE", proofs.file("ops-token"));
    }
    let output = command.output().context("event-grpc ledger can't be run")?;
    if !output.status.success() {
        println!("{}", String::from_utf8_lossy(&output.stdout));
        println!("{}", String::from_utf8_lossy(&output.stderr));
        bail!("the ledger misses messages");
    }
    Ok(())
}

/// End of an instance's log.
pub(crate) fn end_of(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
