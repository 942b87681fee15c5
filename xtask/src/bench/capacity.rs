//! `capacity` benchmark: costs of an event at several sizes of requests and events, and how far off `event-grpc capacity` is
//! with them at sizes in between.

mod fit;

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::protection::Protection;
use super::setting::Setting;
use super::{Args, Scenario, directory, figures, measure, middle, scenario};
use crate::build::Executables;
use fit::{Cost, fit};

/// A size: events of a request, bytes that an event has more than usual, and the divisor of the number of events.
struct Size {
    batch: u32,
    pad: u32,
    share: u64,
}

/// Sizes that the costs are made of.
const KNOWN: [Size; 5] = [
    size(1, 0, 5),
    size(10, 0, 2),
    size(100, 0, 1),
    size(1000, 0, 1),
    size(100, 1000, 4),
];

/// Sizes that they are tried on.
const TRIED: [Size; 4] = [
    size(3, 0, 4),
    size(30, 0, 1),
    size(300, 0, 1),
    size(100, 300, 2),
];

/// Parts of the pipeline, as the load generator and `event-grpc capacity` call them.
const PARTS: [&str; 3] = ["server", "rabbitmq", "clickhouse"];

/// Microseconds of ClickHouse's CPU that an insert of any size takes, rows of the largest one, and tables of the load.
const INSERT: (f64, f64, f64) = (6000.0, 100_000.0, 5.0);

const fn size(batch: u32, pad: u32, share: u64) -> Size {
    Size { batch, pad, share }
}

/// What was measured of a size.
struct Measured {
    batch: f64,
    bytes: f64,
    /// Stored events a second.
    rate: f64,
    /// Microseconds of CPU an event, by part.
    cpu: Vec<f64>,
}

/// Measures all sizes, makes the costs of some of them, and prints them and their error at the others.
pub(super) fn run(args: &Args, built: &Executables, events: u64) -> Result<ExitCode> {
    let known = measured(&KNOWN, args.runs, built, events)?;
    let tried = measured(&TRIED, args.runs, built, events)?;
    let mut costs = json!({
        "merges": 2.0, "insert": INSERT.0, "message": 85.0, "message_kib": 2.0, "stored": 0.5
    });
    for (at, part) in PARTS.iter().enumerate() {
        let points: Vec<([f64; 4], f64)> = known
            .iter()
            .map(|size| (Cost::basis(size.bytes, size.batch), own(size, at)))
            .collect();
        let cost = serde_json::to_value(fit(&points))?;
        costs
            .as_object_mut()
            .context("costs are an object")?
            .insert((*part).to_owned(), cost);
    }
    let folder = directory()?;
    let file = folder.path().join("costs.json");
    std::fs::write(&file, costs.to_string())?;
    println!("| events a request | bytes an event | | server | RabbitMQ | ClickHouse |");
    println!("| ---: | ---: | --- | ---: | ---: | ---: |");
    let mut worst: f64 = 1.0;
    for (sizes, made) in [(&known, "fitted"), (&tried, "tried")] {
        for size in sizes {
            let said = said(&built.server, &file, size)?;
            let cells = size
                .cpu
                .iter()
                .zip(&said)
                .map(|(is, said)| format!("{is:.2} ({:+.0} %)", (said / is - 1.0) * 100.0));
            let cells: Vec<String> = cells.collect();
            println!(
                "| {} | {:.0} | {made} | {} |",
                size.batch,
                size.bytes,
                cells.join(" | ")
            );
            if made == "tried" {
                let errors = size
                    .cpu
                    .iter()
                    .zip(&said)
                    .map(|(is, said)| (said / is).max(is / said));
                worst = errors.fold(worst, f64::max);
            }
        }
    }
    println!(
        "\nMicroseconds of CPU an event as measured, and in brackets how far off the model is. Where it was tried it is off by"
    );
    println!(
        "a factor of {worst:.2} at most. Costs for `event-grpc capacity --costs FILE`:\n\n{costs}"
    );
    Ok(ExitCode::SUCCESS)
}

/// A part's CPU an event without what its inserts take by themselves, which the model counts on its own.
fn own(size: &Measured, part: usize) -> f64 {
    let cpu = size.cpu.get(part).copied().unwrap_or_default();
    match PARTS.get(part) {
        Some(&"clickhouse") => {
            let rows = (size.rate / INSERT.2).clamp(1.0, INSERT.1);
            (cpu - INSERT.0 / rows).max(cpu / 10.0)
        }
        _ => cpu,
    }
}

/// What `event-grpc capacity` says of a size.
fn said(server: &Path, costs: &Path, size: &Measured) -> Result<Vec<f64>> {
    let mut command = Command::new(server);
    command.args([
        "capacity", "--json", "--cores", "1000", "--busy", "100", "--tables", "5",
    ]);
    command.arg("--costs").arg(costs);
    for (option, value) in [
        ("--events", size.rate),
        ("--bytes", size.bytes),
        ("--batch", size.batch),
    ] {
        command.arg(option).arg(value.to_string());
    }
    let output = command.output().context("event-grpc can't be run")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    let said: Value = serde_json::from_slice(&output.stdout)?;
    let cpu = |part: &&str| {
        said.pointer(&format!("/cpu_microseconds_an_event/{part}"))?
            .as_f64()
    };
    let cpu: Option<Vec<f64>> = PARTS.iter().map(cpu).collect();
    cpu.context("event-grpc capacity says no CPU of a part")
}

/// Measures sizes: medians of some runs each.
fn measured(sizes: &[Size], runs: u32, built: &Executables, events: u64) -> Result<Vec<Measured>> {
    let mut all = Vec::new();
    for size in sizes {
        let mut reports = Vec::new();
        for _ in 0..runs {
            reports.push(one(size, built, events / size.share)?);
        }
        let median = |path: &str| {
            middle(figures(&reports, path)).with_context(|| format!("no report has {path}"))
        };
        let cpu = PARTS.map(|part| median(&format!("{part}/cpu_seconds_a_million_events")));
        let done = Measured {
            batch: f64::from(size.batch),
            bytes: median("/bytes_an_event")?,
            rate: median("/stored/events_a_second")?,
            cpu: cpu.into_iter().collect::<Result<_>>()?,
        };
        eprintln!(
            "{} a request, {:.0} bytes: {:.0} events/s",
            size.batch, done.bytes, done.rate
        );
        all.push(done);
    }
    Ok(all)
}

/// One run, with servers of its own.
fn one(size: &Size, built: &Executables, events: u64) -> Result<Value> {
    let scenario = Scenario {
        pad: size.pad,
        ..scenario("capacity", Setting::Remote, size.batch, "shop", size.share)
    };
    measure(&scenario, built, Protection::None, events)
}
