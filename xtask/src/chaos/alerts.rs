//! `cargo xtask alerts`: servers fail one after another under a load, and a real Prometheus with the generated rules says which
//! alerts fire: those that are meant for the fault, and no others.

mod prometheus;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::cluster::{Cluster, Server};
use super::fault::{EVENTS, Fault};
use super::wait;
use crate::build;
use crate::http::request;
use crate::services;
use prometheus::Prometheus;

/// Events a second.
const RATE: u64 = 200;

/// Time limit until no alert fires any more.
const RECOVERY: Duration = Duration::from_secs(150);

/// Time for which no alert may fire between two faults.
const QUIET: Duration = Duration::from_secs(5);

/// Break the servers one after another, and check which of the generated alerts fire in a real Prometheus.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How long each fault lasts, in seconds
    #[arg(long, default_value_t = 25)]
    seconds: u64,
    /// Only faults whose description contains this
    #[arg(long)]
    only: Option<String>,
}

/// What is done.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    /// A fault of chaos.
    Fault(Fault),
    /// The account may read no queue any more.
    NoReading,
    /// Events that the table refuses.
    BadEvents,
    /// An operator takes an instance out and forgets it.
    Resting,
    /// Nothing.
    None,
}

/// A trouble, the alerts that are meant for it, and those that may fire, too.
struct Case {
    trouble: Trouble,
    told: &'static str,
    fires: &'static [&'static str],
    may: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        trouble: Trouble::None,
        told: "nothing",
        fires: &[],
        may: &[],
    },
    Case {
        trouble: Trouble::Fault(Fault::Killed(Server::RabbitMq(0))),
        told: "RabbitMQ is killed",
        fires: &["BrokerDown", "Refusing"],
        may: &[],
    },
    Case {
        trouble: Trouble::Fault(Fault::DiskAlarm),
        told: "RabbitMQ has no disk left",
        fires: &["BrokerBlocked", "Refusing"],
        may: &[],
    },
    Case {
        trouble: Trouble::NoReading,
        told: "the account may not read queues",
        fires: &["QueueUnconsumed"],
        may: &["BrokerDown", "Refusing", "TopologyDiffers"],
    },
    Case {
        trouble: Trouble::Fault(Fault::Killed(Server::ClickHouse(0))),
        told: "ClickHouse is killed",
        fires: &["ClickHouseDown"],
        may: &["StoreErrors"],
    },
    Case {
        trouble: Trouble::Fault(Fault::Frozen(Server::ClickHouse(0))),
        told: "ClickHouse is frozen",
        fires: &["ClickHouseDown"],
        may: &["StoreErrors"],
    },
    Case {
        trouble: Trouble::Fault(Fault::NoTable(0, EVENTS)),
        told: "the table is missing",
        fires: &["TablePaused"],
        may: &["TableMisfit"],
    },
    Case {
        trouble: Trouble::Fault(Fault::ReadOnly(0, EVENTS)),
        told: "the table is read-only",
        fires: &["TablePaused"],
        may: &[],
    },
    Case {
        trouble: Trouble::BadEvents,
        told: "some events are refused by the table",
        fires: &["DeadLetters"],
        may: &["DeadLettersMany"],
    },
    Case {
        trouble: Trouble::Fault(Fault::Killed(Server::Instance(0))),
        told: "an instance is killed",
        fires: &["Down"],
        may: &[],
    },
    Case {
        trouble: Trouble::Fault(Fault::Frozen(Server::Instance(1))),
        told: "an instance is frozen",
        fires: &["Down"],
        may: &[],
    },
    Case {
        trouble: Trouble::Resting,
        told: "an instance is taken out and forgotten",
        fires: &["NotReady"],
        may: &[],
    },
];

/// Makes every trouble; fails if an alert that is meant for it doesn't fire, or another one does.
pub(crate) fn run(root: &Path, args: &Args) -> Result<ExitCode> {
    let interrupt = services::interrupts()?;
    services::install::missing_packages(&["rabbitmq", "prometheus"])?;
    let built = build::all(&[])?;
    let directory = tempfile::Builder::new()
        .prefix("event-grpc-alerts-")
        .tempdir()?;
    let mut cluster = Cluster::start(&built.server, directory.path())?;
    let cases = CASES.iter().filter(|case| {
        let only = args.only.as_ref();
        only.is_none_or(|only| case.told.contains(only.as_str()))
    });
    let cases: Vec<&Case> = cases.collect();
    let length = Duration::from_secs(args.seconds);
    let longest = (length + RECOVERY) * u32::try_from(cases.len() + 1)?;
    let events = longest.as_secs() * RATE;
    let load = super::load(&cluster, &built.loadgen, RATE, events, RECOVERY, &[])?;
    let prometheus = Prometheus::start(root, directory.path(), &cluster.ops())?;
    let mut wrong = Vec::new();
    println!("| trouble | alerts | first after |\n| --- | --- | --- |");
    for case in cases {
        settled(&prometheus, &interrupt).with_context(|| format!("before: {}", case.told))?;
        let (fired, first) = firing_in(case, &mut cluster, &prometheus, length, &interrupt)?;
        let names: Vec<String> = fired.iter().map(|name| format!("`{name}`")).collect();
        let after = first.map_or(String::new(), |time| format!("{} s", time.as_secs()));
        println!("| {} | {} | {after} |", case.told, names.join(", "));
        wrong.extend(case.wrong(&fired));
    }
    drop(load);
    if !wrong.is_empty() {
        println!("{}", cluster.logs());
        bail!("{}", wrong.join("\n"));
    }
    Ok(ExitCode::SUCCESS)
}

impl Case {
    fn wrong(&self, fired: &BTreeSet<String>) -> Vec<String> {
        let missing = self.fires.iter().filter(|name| !fired.contains(**name));
        let missing = missing.map(|name| format!("{}: {name} doesn't fire", self.told));
        let meant = |name: &str| self.fires.contains(&name) || self.may.contains(&name);
        let others = fired.iter().filter(|name| !meant(name));
        let others = others.map(|name| format!("{}: {name} fires, too", self.told));
        missing.chain(others).collect()
    }
}

/// Makes a trouble for a while; the alerts that fire, and the time until the first one does.
fn firing_in(
    case: &Case,
    cluster: &mut Cluster,
    prometheus: &Prometheus,
    length: Duration,
    interrupt: &Receiver<()>,
) -> Result<(BTreeSet<String>, Option<Duration>)> {
    case.trouble.begin(cluster)?;
    let begun = Instant::now();
    let (mut fired, mut first) = (BTreeSet::new(), None);
    while begun.elapsed() < length {
        wait(interrupt, Duration::from_millis(500))?;
        let firing = prometheus.firing()?;
        if !firing.is_empty() {
            first.get_or_insert_with(|| begun.elapsed());
        }
        fired.extend(firing);
    }
    case.trouble
        .end(cluster)
        .with_context(|| format!("after: {}", case.told))?;
    Ok((fired, first))
}

/// Waits until no alert has fired for a moment.
fn settled(prometheus: &Prometheus, interrupt: &Receiver<()>) -> Result<()> {
    let begun = Instant::now();
    let mut quiet = Instant::now();
    while quiet.elapsed() < QUIET {
        wait(interrupt, Duration::from_millis(500))?;
        let firing = prometheus.firing()?;
        if !firing.is_empty() {
            quiet = Instant::now();
        }
        if begun.elapsed() > RECOVERY {
            bail!("these still fire: {firing:?}");
        }
    }
    Ok(())
}

impl Trouble {
    fn begin(self, cluster: &mut Cluster) -> Result<()> {
        match self {
            Trouble::Fault(fault) => fault.begin(cluster),
            Trouble::NoReading => {
                cluster.control(&["set_permissions", "guest", ".*", ".*", "^$"])?;
                cluster
                    .control(&["close_all_connections", "permissions changed"])
                    .map(drop)
            }
            Trouble::BadEvents => (0..20).try_for_each(|_| bad_event(cluster)),
            Trouble::Resting => heartbeat(cluster, false),
            Trouble::None => Ok(()),
        }
    }

    fn end(self, cluster: &mut Cluster) -> Result<()> {
        match self {
            Trouble::Fault(fault) => fault.end(cluster),
            Trouble::NoReading => {
                cluster.control(&["set_permissions", "guest", ".*", ".*", ".*"])?;
                cluster
                    .control(&["close_all_connections", "permissions changed"])
                    .map(drop)
            }
            Trouble::Resting => heartbeat(cluster, true),
            Trouble::BadEvents | Trouble::None => Ok(()),
        }
    }
}

/// Sends an event that a constraint of the table refuses.
fn bad_event(cluster: &Cluster) -> Result<()> {
    let body = "{\"header\":{\"userId\":\"7\",\"sessionId\":\"poison\"},\"events\":[{\"addToCartEvent\":{\"quantity\":2}}]}";
    let (status, answer) = request("POST", cluster.http(0)?, "/event/dispatch", &[], body)?;
    match status {
        200 => Ok(()),
        _ => bail!("{status}: {answer}"),
    }
}

fn heartbeat(cluster: &Cluster, beat: bool) -> Result<()> {
    let ops = cluster.ops();
    let port = ops.first().context("there is no instance")?;
    request("PUT", *port, &format!("/heartbeat/?beat={beat}"), &[], "").map(drop)
}
