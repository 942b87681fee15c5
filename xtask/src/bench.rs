//! `cargo xtask bench`: measures the whole pipeline under load, on this machine, and prints a table.
//!
//! Every run has servers of its own with empty data, in memory if the machine has a file system there. The scenarios
//! take turns, so that other load on the machine affects all of them.

pub(crate) mod against;
mod capacity;
mod clients;
mod codegen;
mod memory;
mod pairs;
mod protection;
mod servers;
pub(crate) mod setting;
mod traces;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::build::{self, Executables};
use crate::services;
use protection::Protection;
use setting::{Running, Setting};

/// Benchmarks beside the scenarios.
const OTHERS: [&str; 11] = [
    "servers",
    "memory",
    "protection",
    "codegen",
    "clients",
    "capacity",
    "partitions",
    "instances",
    "shards",
    "kafka",
    "traces",
];

/// Measure the whole pipeline with a release build, RabbitMQ and ClickHouse on this machine.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Number of runs of each scenario; the table shows medians
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) runs: u32,
    /// Events in one run; a million if not given, and ten for `memory`. For `partitions` messages, 4,000 if not given
    #[arg(long, value_parser = clap::value_parser!(u64).range(1000..=1_000_000_000))]
    pub(crate) events: Option<u64>,
    /// Use a development build, whose figures mean nothing
    #[arg(long, hide = true)]
    pub(crate) dev: bool,
    /// Measure another revision as well, in turn with this one, and show the ratios; `--runs` pairs of runs
    #[arg(long, value_name = "REV")]
    pub(crate) against: Option<String>,
    /// Only these scenarios, by name
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    scenarios: Vec<String>,
    /// Only the scenario with this name, or those whose names contain it. `servers` measures the cost of row formats in
    /// ClickHouse and of message sizes in RabbitMQ, `memory` the server's memory over a long run with and without an
    /// outage, `protection` what TLS, write keys and CORS cost: each scenario with and without them, in turn, `traces`
    /// what it costs to trace one request in a hundred, `codegen`
    /// how long the generator takes for hundreds of event types and tables, `clients` what an event costs a program that
    /// sends it with each client library, and `capacity` the costs that `event-grpc capacity` computes with. `partitions` measures
    /// a queue beside two and four partitions of it, `instances` one beside two and four of them, `shards` one ClickHouse server
    /// beside a cluster of two, and `kafka` RabbitMQ beside Kafka
    #[arg(default_value = "")]
    pub(crate) name: String,
}

/// Load and setting of a run.
struct Scenario {
    name: &'static str,
    setting: Setting,
    batch: u32,
    mix: &'static str,
    /// Divisor of the number of events: small requests take longer.
    share: u64,
    /// Events a second; none for as fast as they are answered.
    rate: Option<u64>,
    /// Bytes of text that each event has more than usual.
    pad: u32,
    /// True if they are sent as JSON over HTTP.
    json: bool,
}

const fn scenario(
    name: &'static str,
    setting: Setting,
    batch: u32,
    mix: &'static str,
    share: u64,
) -> Scenario {
    Scenario {
        name,
        setting,
        batch,
        mix,
        share,
        rate: None,
        pad: 0,
        json: false,
    }
}

/// Clients without gRPC.
const JSON: Scenario = Scenario {
    json: true,
    ..scenario("json-100", Setting::Remote, 100, "shop", 2)
};

/// About half of the maximum load of two cores, to measure latencies.
const CALM: Scenario = Scenario {
    rate: Some(100_000),
    ..scenario("rabbitmq-100-calm", Setting::Remote, 100, "shop", 1)
};

const SCENARIOS: [Scenario; 10] = [
    scenario("rabbitmq-100", Setting::Remote, 100, "shop", 1),
    CALM,
    scenario("rabbitmq-1000", Setting::Remote, 1000, "shop", 1),
    scenario("rabbitmq-10", Setting::Remote, 10, "shop", 2),
    scenario("rabbitmq-1", Setting::Remote, 1, "shop", 5),
    scenario("rabbitmq-100-all-types", Setting::Remote, 100, "all", 1),
    JSON,
    scenario("embedded-100", Setting::Embedded, 100, "shop", 1),
    scenario("embedded-1", Setting::Embedded, 1, "shop", 5),
    scenario("embedded-100-all-types", Setting::Embedded, 100, "all", 1),
];

/// Default number of events of a run.
pub(crate) const EVENTS: u64 = 1_000_000;

/// Columns of the table: a heading, and a pointer into the report or into a process's part of it.
const FIGURES: [(&str, &str); 9] = [
    ("acked events/s", "/acknowledged_a_second"),
    ("stored events/s", "/stored/events_a_second"),
    ("p50 ms", "/latency_ms/p50"),
    ("p99 ms", "/latency_ms/p99"),
    ("last row after s", "/stored/seconds_after_the_last_answer"),
    ("server CPU s / M", "server/cpu_seconds_a_million_events"),
    ("RabbitMQ", "rabbitmq/cpu_seconds_a_million_events"),
    ("ClickHouse", "clickhouse/cpu_seconds_a_million_events"),
    ("server peak MiB", "server/peak_mib"),
];

/// Runs the scenarios and prints the table.
pub(crate) fn run(root: &Path, args: &Args) -> Result<ExitCode> {
    if args.name == "codegen" {
        let compares = args.against.is_some();
        ensure!(
            !compares,
            "--against compares scenarios, and codegen is not one"
        );
        return codegen::run(root, args.runs);
    }
    let interrupt = services::interrupts()?;
    services::install::missing_packages(&["rabbitmq"])?;
    let release: &[&str] = if args.dev { &[] } else { &["--release"] };
    let built = build::all(release)?;
    match args.name.as_str() {
        name if args.against.is_some() && OTHERS.contains(&name) => {
            bail!("--against compares scenarios, and {name} is not one")
        }
        "servers" | "partitions" => {
            let profile = if args.dev { "dev" } else { "bench" };
            return servers::run(&built.server, &args.name, profile, args.events, &interrupt);
        }
        "memory" => {
            let events = args.events.unwrap_or(memory::EVENTS);
            return memory::run(&SCENARIOS[0], &built, events, &interrupt);
        }
        "protection" => {
            let events = args.events.unwrap_or(EVENTS);
            return protection::run(args, &built, events);
        }
        "traces" => return traces::run(args, &built, args.events.unwrap_or(EVENTS)),
        _ => {}
    }
    if args.name == "capacity" {
        return capacity::run(args, &built, args.events.unwrap_or(EVENTS));
    }
    if args.name == "clients" {
        return clients::run(root, &built.loadgen, args.runs, args.events);
    }
    let events = args.events.unwrap_or(EVENTS);
    let chosen = chosen(args, &args.name)?;
    if let Some(revision) = &args.against {
        return against::run(args, revision, &built, &chosen, events);
    }
    let mut reports: Vec<Vec<Value>> = chosen.iter().map(|_| Vec::new()).collect();
    for number in 1..=args.runs {
        for (scenario, reports) in chosen.iter().zip(&mut reports) {
            let report = measure(scenario, &built, Protection::None, events / scenario.share)
                .with_context(|| format!("run {number} of {}", scenario.name))?;
            eprintln!("{} {number}/{}: {report}", scenario.name, args.runs);
            reports.push(report);
        }
    }
    let headings: Vec<&str> = FIGURES.iter().map(|(heading, _)| *heading).collect();
    println!("| scenario | {} |", headings.join(" | "));
    println!("| --- |{}", " ---: |".repeat(FIGURES.len()));
    for (scenario, reports) in chosen.iter().zip(&reports) {
        let cells: Vec<String> = FIGURES
            .iter()
            .map(|(_, path)| median(reports, path))
            .collect();
        println!("| {} | {} |", scenario.name, cells.join(" | "));
    }
    Ok(ExitCode::SUCCESS)
}

/// Selected scenarios: those of the list whose names are or contain this.
fn chosen(args: &Args, name: &str) -> Result<Vec<&'static Scenario>> {
    let exactly = SCENARIOS.iter().any(|s| s.name == name);
    let named = |s: &&Scenario| s.name == name || (!exactly && s.name.contains(name));
    let listed =
        |s: &&Scenario| args.scenarios.is_empty() || args.scenarios.iter().any(|n| n == s.name);
    let unknown = args
        .scenarios
        .iter()
        .find(|name| !SCENARIOS.iter().any(|s| s.name == **name));
    let chosen: Vec<&Scenario> = SCENARIOS.iter().filter(named).filter(listed).collect();
    if chosen.is_empty() || unknown.is_some() {
        let names: Vec<&str> = SCENARIOS.iter().map(|s| s.name).chain(OTHERS).collect();
        bail!(
            "no scenario is called {}; the scenarios are {}",
            unknown.map_or(name, String::as_str),
            names.join(", ")
        );
    }
    Ok(chosen)
}

/// One run over servers of its own, with a server and a load generator that may be of different revisions.
fn measure(
    scenario: &Scenario,
    executables: &Executables,
    protection: Protection,
    events: u64,
) -> Result<Value> {
    measure_with(scenario, executables, protection, &[], events)
}

/// The same with further variables of the instance.
fn measure_with(
    scenario: &Scenario,
    executables: &Executables,
    protection: Protection,
    variables: &[(&'static str, PathBuf)],
    events: u64,
) -> Result<Value> {
    let directory = directory()?;
    let mut prepared = protection.prepare(&executables.server, directory.path())?;
    prepared.variables.extend_from_slice(variables);
    let setting = scenario.setting;
    let mut running =
        setting.start_with(&executables.server, directory.path(), &prepared.variables)?;
    running.grpc = protection.address(&running.grpc);
    running.http = protection.address(&running.http);
    let mut load = load(scenario, &executables.loadgen, &running, events);
    let output = load.args(&prepared.options).output();
    let output = output.context("the load generator can't be run")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    report(output.status.success(), &text, &error)
}

/// Command of a scenario's load.
fn load(scenario: &Scenario, loadgen: &Path, running: &Running, events: u64) -> Command {
    let mut load = Command::new(loadgen);
    load.args(["load", "--json", "--mix", scenario.mix]);
    load.args([
        "--batch",
        &scenario.batch.to_string(),
        "--events",
        &events.to_string(),
    ]);
    // About as many events under way, however many a request has. Without RabbitMQ an answer waits for an insert, and
    // an insert holds what is under way.
    let events = match scenario.setting {
        Setting::Remote => 3200,
        Setting::Embedded => 20_000,
    };
    let in_flight = (events / scenario.batch).clamp(8, 256);
    load.args(["--in-flight", &in_flight.to_string()]);
    if scenario.pad > 0 {
        load.args(["--pad", &scenario.pad.to_string()]);
    }
    if let Some(rate) = scenario.rate {
        load.args(["--rate", &rate.to_string()]);
    }
    let to = match scenario.json {
        true => {
            load.args(["--form", "json"]);
            &running.http
        }
        false => &running.grpc,
    };
    load.args(["--to", to, "--clickhouse-url", &running.clickhouse]);
    for (name, pid) in &running.processes {
        load.args(["--process", &format!("{name}={pid}")]);
    }
    load
}

/// Report of the load generator.
pub(crate) fn report(complete: bool, text: &str, error: &str) -> Result<Value> {
    if !complete {
        bail!("the load generator failed or events are missing: {text}{error}");
    }
    serde_json::from_str(text).with_context(|| format!("{text} is not a report"))
}

/// Temporary directory for the data of servers.
pub(crate) fn directory() -> Result<tempfile::TempDir> {
    let directory = tempfile::Builder::new()
        .prefix("event-grpc-bench-")
        .tempdir_in(in_memory())?;
    Ok(directory)
}

/// File system in memory, as Linux has one.
fn in_memory() -> PathBuf {
    let shared = PathBuf::from("/dev/shm");
    if shared.is_dir() {
        shared
    } else {
        std::env::temp_dir()
    }
}

pub(crate) fn figure<'a>(report: &'a Value, path: &str) -> Option<&'a Value> {
    if path.starts_with('/') {
        return report.pointer(path);
    }
    let (process, figure) = path.split_once('/')?;
    let mut processes = report.get("processes")?.as_array()?.iter();
    processes.find(|p| p["name"] == process)?.get(figure)
}

/// Values of a figure in all reports that have it.
fn figures(reports: &[Value], path: &str) -> Vec<f64> {
    reports
        .iter()
        .filter_map(|report| figure(report, path)?.as_f64())
        .collect()
}

/// Median.
pub(crate) fn middle(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    match values.len() % 2 {
        0 => Some((values.get(values.len() / 2 - 1)? + upper) / 2.0),
        _ => Some(upper),
    }
}

fn median(reports: &[Value], path: &str) -> String {
    middle(figures(reports, path)).map_or_else(|| "-".to_owned(), shown)
}

pub(crate) fn shown(value: f64) -> String {
    match value {
        value if value >= 1000.0 => format!("{value:.0}"),
        value => format!("{value:.2}"),
    }
}
