//! Benchmarks past one machine: more instances, shards or Kafka beside one of each, in turn, as ratios.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::bench::{Args, EVENTS, directory, figure, middle, report, shown};
use crate::build::{self, Executables};
use crate::ground::{Ground, Servers};
use crate::{services, walk};

/// Events of a request.
const BATCH: u32 = 100;

/// Connections of the load, over all instances.
const CONNECTIONS: usize = 4;

/// Name of the cluster in the changed pipeline.yaml.
const CLUSTER: &str = "walk-store";

/// What is measured in turn.
pub(crate) struct Comparison {
    name: &'static str,
    shapes: &'static [Shape],
}

/// Number of each, and the change of pipeline.yaml by which it is built; none for this tree's build.
struct Shape {
    name: &'static str,
    instances: usize,
    servers: Servers,
    change: Option<&'static str>,
}

/// One instance on RabbitMQ and one ClickHouse server.
const ONE: Shape = Shape {
    name: "one of each",
    instances: 1,
    servers: Servers {
        engines: 1,
        kafka: false,
    },
    change: None,
};

static COMPARISONS: [Comparison; 3] = [
    Comparison {
        name: "instances",
        shapes: &[
            ONE,
            Shape {
                name: "2 instances",
                instances: 2,
                ..ONE
            },
            Shape {
                name: "4 instances",
                instances: 4,
                ..ONE
            },
        ],
    },
    Comparison {
        name: "shards",
        shapes: &[
            ONE,
            Shape {
                name: "2 shards",
                servers: Servers {
                    engines: 2,
                    ..ONE.servers
                },
                change: Some("shards"),
                ..ONE
            },
        ],
    },
    Comparison {
        name: "kafka",
        shapes: &[
            ONE,
            Shape {
                name: "Kafka",
                servers: Servers {
                    kafka: true,
                    ..ONE.servers
                },
                change: Some("kafka"),
                ..ONE
            },
        ],
    },
];

/// Columns: a heading, and the processes whose CPU it is, or a pointer into the report.
const FIGURES: [(&str, Figure); 7] = [
    ("acked events/s", Figure::At("/acknowledged_a_second")),
    ("stored events/s", Figure::At("/stored/events_a_second")),
    ("p99 ms", Figure::At("/latency_ms/p99")),
    ("server CPU s / M", Figure::Cpu(&["server"])),
    ("RabbitMQ and Kafka", Figure::Cpu(&["rabbitmq", "kafka"])),
    ("ClickHouse", Figure::Cpu(&["clickhouse"])),
    (
        "all",
        Figure::Cpu(&["server", "rabbitmq", "kafka", "clickhouse"]),
    ),
];

/// Where a figure is in a report.
enum Figure {
    At(&'static str),
    /// Of all processes with these names.
    Cpu(&'static [&'static str]),
}

/// The comparison of this name, if there is one.
pub(crate) fn named(name: &str) -> Option<&'static Comparison> {
    COMPARISONS
        .iter()
        .find(|comparison| comparison.name == name)
}

/// Measures the shapes of a comparison in turn, and prints their figures and the ratios to the first one.
pub(crate) fn run(root: &Path, comparison: &Comparison, args: &Args) -> Result<ExitCode> {
    let compares = args.against.is_some();
    ensure!(
        !compares,
        "--against compares scenarios, and {} is not one",
        args.name
    );
    services::install::missing_packages(&["rabbitmq"])?;
    let release: &[&str] = if args.dev { &[] } else { &["--release"] };
    let built = &build::all(release)?;
    let events = args.events.unwrap_or(EVENTS);
    let keep = tempfile::tempdir()?;
    let mut servers = Vec::new();
    for shape in comparison.shapes {
        servers.push(match shape.change {
            Some(change) => walk::grown(root, change, built, keep.path())?,
            None => built.server.clone(),
        });
    }
    let mut rounds: Vec<Vec<Vec<f64>>> = Vec::new();
    for number in 1..=args.runs {
        let mut round = Vec::new();
        for (shape, server) in comparison.shapes.iter().zip(&servers) {
            let report = measure(shape, server, built, events)
                .with_context(|| format!("run {number} of {}", shape.name))?;
            eprintln!("{} {number}/{}: {report}", shape.name, args.runs);
            let figures = FIGURES.iter().map(|(_, figure)| figure.of(&report));
            round.push(figures.collect());
        }
        rounds.push(round);
    }
    let headings: Vec<&str> = FIGURES.iter().map(|(heading, _)| *heading).collect();
    println!(
        "Medians of {} runs, and in brackets the medians of the ratios to {} of the same round.\n",
        args.runs, ONE.name
    );
    println!("| | {} |", headings.join(" | "));
    println!("| --- |{}", " ---: |".repeat(FIGURES.len()));
    for (at, shape) in comparison.shapes.iter().enumerate() {
        let cells: Vec<String> = (0..FIGURES.len())
            .map(|figure| cell(&rounds, at, figure))
            .collect();
        println!("| {} | {} |", shape.name, cells.join(" | "));
    }
    Ok(ExitCode::SUCCESS)
}

/// The median of a figure of a shape, and of its ratios to the first shape of the same round.
fn cell(rounds: &[Vec<Vec<f64>>], shape: usize, figure: usize) -> String {
    let of = |round: &Vec<Vec<f64>>, shape: usize| round.get(shape)?.get(figure).copied();
    let values = rounds.iter().filter_map(|round| of(round, shape)).collect();
    let ratios = rounds
        .iter()
        .filter_map(|round| Some(of(round, shape)? / of(round, 0)?));
    match (middle(values), middle(ratios.collect())) {
        (Some(value), Some(ratio)) if shape > 0 => format!("{} ({ratio:.2})", shown(value)),
        (Some(value), _) => shown(value),
        _ => "-".to_owned(),
    }
}

/// One run, with servers of its own.
fn measure(shape: &Shape, server: &Path, built: &Executables, events: u64) -> Result<Value> {
    let directory = directory()?;
    let folder: PathBuf = directory.path().to_owned();
    let mut ground = Ground::start(&built.server, shape.instances, shape.servers, &folder)?;
    if shape.servers.engines > 1 {
        ground.spread(CLUSTER)?;
    }
    ground.done(server, &["migrate"])?;
    for number in 0..shape.instances {
        ground.replace(number, server)?;
    }
    let mut load = Command::new(&built.loadgen);
    load.args(["load", "--json", "--batch", &BATCH.to_string()]);
    load.args(["--events", &events.to_string(), "--in-flight", "32"]);
    let connections = CONNECTIONS.div_ceil(shape.instances);
    load.args(["--connections", &connections.to_string()]);
    for address in ground.grpc() {
        load.args(["--to", &address]);
    }
    load.args(["--clickhouse-url", &ground.urls().1]);
    for (name, pid) in ground.processes()? {
        load.args(["--process", &format!("{name}={pid}")]);
    }
    let output = load.output().context("the load generator can't be run")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    let report = report(output.status.success(), &text, &error);
    report.inspect_err(|_| eprintln!("{}", ground.state()))
}

impl Figure {
    /// Its value; that of what isn't there is no number.
    fn of(&self, report: &Value) -> f64 {
        match self {
            Figure::At(path) => figure(report, path)
                .and_then(Value::as_f64)
                .unwrap_or(f64::NAN),
            Figure::Cpu(names) => {
                let processes = report["processes"].as_array().into_iter().flatten();
                let of_them =
                    processes.filter(|process| names.iter().any(|name| process["name"] == *name));
                of_them
                    .filter_map(|process| process["cpu_seconds_a_million_events"].as_f64())
                    .sum()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn processes_of_a_name_are_added_and_ratios_are_of_the_same_round() {
        let report = json!({ "processes": [
            { "name": "server", "cpu_seconds_a_million_events": 1.5 },
            { "name": "server", "cpu_seconds_a_million_events": 2.0 },
            { "name": "kafka", "cpu_seconds_a_million_events": 0.5 },
        ]});
        let cpu = |names| Figure::Cpu(names).of(&report);
        assert!((cpu(&["server"]) - 3.5).abs() < 1e-9);
        assert!((cpu(&["rabbitmq", "kafka"]) - 0.5).abs() < 1e-9);
        // The second machine is half as fast: the ratio is the same.
        let rounds = vec![vec![vec![2.0], vec![3.0]], vec![vec![4.0], vec![6.0]]];
        assert_eq!(cell(&rounds, 0, 0), "3.00");
        assert_eq!(cell(&rounds, 1, 0), "4.50 (1.50)");
    }
}
