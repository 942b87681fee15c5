//! `cargo xtask chaos`: a load of events through two instances while servers fail, and a check that each acknowledged
//! event is in its table exactly once, each unstorable one among the dead letters, and that the ledger agrees.

pub(crate) mod alerts;
pub(crate) mod cluster;
mod declared;
mod endure;
mod fault;
pub(crate) mod instance;
mod ledger;
pub(crate) mod outage;
mod proxy;
pub(crate) mod random;
mod target;
pub(crate) mod upgrade;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::bench::setting;
use crate::services::{self, Keep, Kept};
use cluster::{Cluster, Servers};
use endure::Trial;
use ledger::Ledger;
use random::Random;

/// Recovery time after the last fault, if there are few events.
const RECOVERY: Duration = Duration::from_secs(120);
/// Minimum rate, in events a second beyond those that come in, at which a backlog is stored and checked, on a busy
/// machine.
const CATCHING_UP: f64 = 20_000.0;

/// Break the servers at random under a load of events, and see whether any event is lost.
#[derive(Debug, Clone, PartialEq, clap::Args)]
pub(crate) struct Args {
    /// The same seed makes the same faults in the same order; drawn and printed if not given
    #[arg(long)]
    seed: Option<u64>,
    /// How long faults are injected, in minutes
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// Events a second
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    rate: u64,
    /// The longest that a fault lasts, in seconds
    #[arg(long, default_value_t = 8.0)]
    longest: f64,
    /// Nodes of RabbitMQ, of which one at a time fails
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    nodes: u8,
    /// Shards of a ClickHouse cluster, of which one at a time fails
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=4))]
    shards: u8,
    /// Brokers of a Kafka with the queues of events, of which one at a time fails; 0 for no queues in Kafka
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=5))]
    kafka: u8,
    /// PostgreSQL and an HTTP API fail, too, and messages go there
    #[arg(long)]
    stores: bool,
    /// The release of RabbitMQ, as of `test`
    #[arg(long, value_name = "VERSION")]
    rabbitmq: Option<String>,
    /// Use a release build
    #[arg(long)]
    release: bool,
}

impl Args {
    /// How long faults are injected.
    fn time(&self) -> Duration {
        Duration::from_secs_f64(self.minutes * 60.0)
    }

    fn servers(&self) -> Servers {
        Servers {
            nodes: self.nodes.into(),
            shards: self.shards.into(),
            kafka: self.kafka.into(),
            stores: self.stores,
        }
    }

    /// The command that repeats a run.
    fn again(&self, seed: u64) -> String {
        let mut again = format!(
            "cargo xtask chaos --seed {seed} --minutes {} --rate {} --longest {}",
            self.minutes, self.rate, self.longest
        );
        let counts = [
            ("nodes", self.nodes, 1),
            ("shards", self.shards, 1),
            ("kafka", self.kafka, 0),
        ];
        for (name, count, usual) in counts {
            if count != usual {
                again += &format!(" --{name} {count}");
            }
        }
        if self.stores {
            again += " --stores";
        }
        if let Some(version) = &self.rabbitmq {
            again += &format!(" --rabbitmq {version}");
        }
        if self.release {
            again += " --release";
        }
        again
    }
}

/// Short run at the end of `cargo xtask test`, the same each time. This seed kills each kind of server once, freezes
/// one, and has read-only and missing tables.
const SHORT: Args = Args {
    seed: Some(2467),
    minutes: 0.6,
    rate: 200,
    longest: 3.0,
    nodes: 1,
    shards: 1,
    kafka: 0,
    stores: false,
    rabbitmq: None,
    release: false,
};

/// Runs at the end of `cargo xtask test --full`. Of what is a cluster, faults last long enough that the others give a member
/// up.
const FULL: [Args; 5] = [
    Args {
        seed: Some(21),
        minutes: 5.0,
        rate: 300,
        longest: 8.0,
        ..SHORT
    },
    Args {
        seed: Some(5),
        nodes: 3,
        ..MEMBERS
    },
    Args {
        seed: Some(6),
        stores: true,
        longest: 8.0,
        ..MEMBERS
    },
    Args {
        seed: Some(7),
        shards: 2,
        ..MEMBERS
    },
    Args {
        seed: Some(8),
        kafka: 3,
        ..MEMBERS
    },
];

const MEMBERS: Args = Args {
    minutes: 3.0,
    rate: 300,
    longest: 14.0,
    ..SHORT
};

/// Runs the load and the faults; fails if an event is missing, or stored twice.
pub(crate) fn run(root: &Path, args: &Args) -> Result<ExitCode> {
    let interrupt = services::interrupts()?;
    match &args.rabbitmq {
        Some(version) => services::rabbitmq::choose(version)?,
        None => services::install::missing_packages(&["rabbitmq"])?,
    }
    if args.stores {
        services::install::missing_packages(&["postgres"])?;
    }
    torment(root, args, &interrupt)?;
    Ok(ExitCode::SUCCESS)
}

/// Short or full runs after the tests.
pub(crate) fn after_tests(root: &Path, full: bool, interrupt: &Receiver<()>) -> Result<()> {
    if !full {
        return torment(root, &SHORT, interrupt);
    }
    for args in &FULL {
        if args.kafka > 0 && !services::kafka_can_run() {
            eprintln!("Java or Maven is not installed: chaos with Kafka is left out.");
            continue;
        }
        torment(root, args, interrupt)?;
    }
    Ok(())
}

fn torment(root: &Path, args: &Args, interrupt: &Receiver<()>) -> Result<()> {
    if !(0.1..=24.0 * 60.0).contains(&args.minutes) {
        bail!("--minutes should be from 0.1 to 1440");
    }
    if !(1.0..=600.0).contains(&args.longest) {
        bail!("--longest should be from 1 to 600");
    }
    let seed = args.seed.unwrap_or_else(random::seed);
    let again = args.again(seed);
    println!("{again}");
    let servers = args.servers();
    let built = declared::build(root, servers, args.release)?;
    let directory = tempfile::Builder::new()
        .prefix("event-grpc-chaos-")
        // PostgreSQL runs as another user than root and has to reach its own directory in here.
        .permissions(Permissions::from_mode(0o755))
        .tempdir()?;
    let server = &built.server;
    let mut cluster = Cluster::start_with(server, server, directory.path(), servers)?;
    let mut ledger = Ledger::open(server, directory.path(), &cluster, interrupt)?;
    let (port, file) = (services::ports::free()?, directory.path().join("asked"));
    let counted = Extra::Counted { port, file: &file };
    let events = (args.time().as_secs_f64() * args.rate as f64) as u64;
    let recovery = recovery(events);
    let extras: &[Extra<'_>] = match args.stores {
        true => &[Extra::Poison, counted, Extra::Stores],
        false => &[Extra::Poison, counted],
    };
    let load = load(
        &cluster,
        &built.loadgen,
        args.rate,
        events,
        recovery,
        extras,
    )?;
    // What is published for a queue behind a bridge is counted by the bridge, too, which publishes it once more.
    if cluster.kafka_brokers().is_none() {
        ledger.count_in(port);
    }
    let trial = Trial {
        cluster: &mut cluster,
        load,
        asked: &file,
        ledger,
        servers,
        interrupt,
    };
    match trial.endure(args, Random::new(seed), recovery) {
        Ok(told) => {
            println!(
                "All {events} events are in their table, each once, and all poison is in the dead letters, after {told}"
            );
            println!("Passed: {again}");
            Ok(())
        }
        Err(error) => {
            println!(
                "{}\nStill in queues:\n{}",
                cluster.logs(),
                cluster.waiting()
            );
            Err(error.context(format!("repeat with {again}")))
        }
    }
}

/// Time limit for recovery after the last fault, with so many events.
pub(crate) fn recovery(events: u64) -> Duration {
    RECOVERY + Duration::from_secs_f64(events as f64 / CATCHING_UP)
}

pub(crate) fn wait(interrupt: &Receiver<()>, time: Duration) -> Result<()> {
    match interrupt.recv_timeout(time) {
        Err(RecvTimeoutError::Timeout) => Ok(()),
        _ => bail!("interrupted"),
    }
}

/// Additional events of a load, beside events with ids that are sent until they are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extra<'a> {
    /// Events that no table can store.
    Poison,
    /// Events without ids; and every request once more to the other instance, some seconds after it was accepted.
    Again,
    /// Messages for PostgreSQL and for the HTTP API.
    Stores,
    /// What it publishes to brokers itself is told at this port of loopback, until the file, which it makes once it has
    /// reported, is removed.
    Counted { port: u16, file: &'a Path },
}

/// Starts the load: it sends every request until it is accepted.
pub(crate) fn load(
    cluster: &Cluster,
    loadgen: &Path,
    rate: u64,
    events: u64,
    time_limit: Duration,
    extras: &[Extra<'_>],
) -> Result<Kept> {
    let mut command = Command::new(loadgen);
    command
        .arg("load")
        .args(["--batch", "20", "--connections", "2", "--in-flight", "16"]);
    for address in cluster.grpc() {
        command.args(["--to", &address]);
    }
    command.args(["--events", &events.to_string(), "--rate", &rate.to_string()]);
    command.args(["--patience", &time_limit.as_secs().to_string()]);
    // It asks ClickHouse directly, so that the proxy doesn't affect it.
    command.args(["--clickhouse-url", &cluster.clickhouse_url()]);
    for extra in extras {
        match extra {
            Extra::Poison => {
                command.args(["--poison-amqp-url", &cluster.amqp_url()]);
                if let Some(brokers) = cluster.kafka_brokers() {
                    command.args(["--poison-kafka-brokers", &brokers]);
                }
            }
            Extra::Again => {
                command.args(["--again", "--without-ids"]);
            }
            Extra::Stores => {
                if let Some(url) = cluster.postgres_url() {
                    command.args(["--postgres-url", &url]);
                }
                if let Some(api) = cluster.api() {
                    command.args(["--api-url", &api.url()]);
                }
                for number in 0..2 {
                    let address = format!("http://127.0.0.1:{}", cluster.http(number)?);
                    command.args(["--webhooks-to", &address]);
                }
                command.envs(setting::secrets());
            }
            Extra::Counted { port, file } => {
                command.args(["--ledger-port", &port.to_string()]);
                command.arg("--ledger-file").arg(file);
            }
        }
    }
    let keep = Keep {
        name: "the load",
        signal: "TERM",
        directory: None,
        log: None,
    };
    Kept::spawn(&keep, &command)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn the_command_that_is_printed_repeats_a_run() {
        let rabbitmq = Some("4.0".to_owned());
        let other = Args {
            stores: true,
            release: true,
            rabbitmq,
            ..MEMBERS
        };
        for mut args in FULL.into_iter().chain([SHORT, other]) {
            let again = args.again(7);
            args.seed = Some(7);
            let words = again.split(' ').skip(2);
            assert_eq!(Cli::try_parse_from(words).unwrap().args, args, "{again}");
        }
    }
}
