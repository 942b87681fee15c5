//! `cargo xtask upgrade`: instances of an older revision are replaced by this one, one by one, back, and again, while
//! events come in and queues fill; and a check that each event is stored once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::cluster::{Cluster, Server, Servers};
use super::{Extra, load, recovery, wait};
use crate::bench::against;
use crate::build;
use crate::services::{self, Kept};

/// Time limit for replacing an instance, so that the load lasts until the end.
const REPLACEMENT: Duration = Duration::from_secs(6);

/// Replace instances of another revision by this one and back under a load that repeats each request, and check that no
/// event is lost or doubled.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Revision that the instances run before; it is built as `bench --against` builds it
    #[arg(
        long,
        value_name = "REV",
        required_unless_present = "old_binary",
        conflicts_with = "old_binary"
    )]
    from: Option<String>,
    /// Executable of that revision, if it is built already
    #[arg(long, value_name = "PATH")]
    old_binary: Option<PathBuf>,
    /// Time between two changes, in seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(2..=3600))]
    seconds: u64,
    /// Events a second
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    rate: u64,
    /// Send no unstorable events: for a revision that uses other classes of dead letters
    #[arg(long)]
    no_poison: bool,
    /// Use release builds
    #[arg(long)]
    release: bool,
}

/// Change of a running system.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The tables are migrated by the new build, while instances run.
    Migrate,
    /// ClickHouse is stopped, so that queues fill.
    Stop,
    /// ClickHouse is started.
    Start,
    /// An instance is replaced by one of the new build.
    Forward(usize),
    /// An instance is replaced by one of the old build.
    Back(usize),
}

/// All steps: forward, back, and forward again. Each instance is once replaced while queues are full, and each build
/// processes what the other one left.
const STEPS: [Step; 11] = [
    Step::Migrate,
    Step::Stop,
    Step::Forward(0),
    Step::Start,
    Step::Forward(1),
    Step::Stop,
    Step::Back(1),
    Step::Start,
    Step::Back(0),
    Step::Forward(0),
    Step::Forward(1),
];

/// Runs it; fails if an event is missing, stored twice, or in the wrong place.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let interrupt = services::interrupts()?;
    services::install::missing_packages(&["rabbitmq"])?;
    let old = match (&args.old_binary, &args.from) {
        (Some(path), _) => path
            .canonicalize()
            .with_context(|| format!("--old-binary {}", path.display()))?,
        (None, Some(revision)) => {
            let commit =
                against::commit_of(revision).with_context(|| format!("--from {revision}"))?;
            against::build(&commit, !args.release)?
        }
        (None, None) => bail!("--from or --old-binary is required: it names the older revision"),
    };
    let release: &[&str] = if args.release { &["--release"] } else { &[] };
    let directory = tempfile::Builder::new()
        .prefix("event-grpc-upgrade-")
        .tempdir()?;
    // A build in between must not replace the tested executables.
    let (new, loadgen) = (
        directory.path().join("event-grpc-new"),
        directory.path().join("loadgen"),
    );
    let built = build::all(release)?;
    fs::copy(built.server, &new)?;
    fs::copy(built.loadgen, &loadgen)?;
    let mut cluster = Cluster::start_with(&old, &new, directory.path(), Servers::FEW)?;

    let pause = Duration::from_secs(args.seconds);
    let steps = u32::try_from(STEPS.len())?;
    let events = ((steps + 1) * pause + steps * REPLACEMENT).as_secs() * args.rate;
    let recovery = recovery(events);
    println!(
        "upgrade: {events} events, {} a second, each request twice",
        args.rate
    );
    let extras: &[Extra<'_>] = match args.no_poison {
        true => &[Extra::Again],
        false => &[Extra::Again, Extra::Poison],
    };
    let mut load = load(&cluster, &loadgen, args.rate, events, recovery, extras)?;
    let went = go(&mut cluster, &mut load, [&old, &new], pause, &interrupt)
        .and_then(|()| verdict(&mut load, 3 * recovery, &interrupt));
    match went {
        Ok(()) => {
            println!(
                "All {events} events are in their table, each once, with ids of their own or made by either build."
            );
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            println!(
                "{}\nStill in queues:\n{}",
                cluster.logs(),
                cluster.waiting()
            );
            Err(error)
        }
    }
}

/// Makes all the steps, with a pause before each.
fn go(
    cluster: &mut Cluster,
    load: &mut Kept,
    [old, new]: [&Path; 2],
    pause: Duration,
    interrupt: &Receiver<()>,
) -> Result<()> {
    let begun = Instant::now();
    for step in STEPS {
        wait(interrupt, pause)?;
        if load.ended()?.is_some() {
            bail!(
                "the load ended before the last change; it needs more --seconds, or something is wrong"
            );
        }
        println!("{:>7.1} s  {}", begun.elapsed().as_secs_f64(), step.told());
        match step {
            Step::Migrate => cluster.migrate(new),
            Step::Stop => cluster.kill(Server::ClickHouse(0)),
            Step::Start => {
                let waiting = cluster.waiting();
                println!(
                    "           in queues: {}",
                    waiting.trim().replace('\n', "; ")
                );
                cluster.start_again(Server::ClickHouse(0))
            }
            Step::Forward(number) => cluster.replace(number, new),
            Step::Back(number) => cluster.replace(number, old),
        }
        .with_context(|| step.told())?;
    }
    println!("{:>7.1} s  no more changes", begun.elapsed().as_secs_f64());
    Ok(())
}

/// Waits for the verdict of the load.
pub(crate) fn verdict(load: &mut Kept, most: Duration, interrupt: &Receiver<()>) -> Result<()> {
    let begun = Instant::now();
    loop {
        match load.ended()? {
            Some(status) if status.success() => return Ok(()),
            Some(_) => bail!("events are missing, refused, doubled or where they don't belong"),
            None if begun.elapsed() > most => bail!("the load has not ended after {most:.0?}"),
            None => wait(interrupt, Duration::from_millis(200))?,
        }
    }
}

impl Step {
    fn told(self) -> String {
        match self {
            Step::Migrate => "the new build migrates".to_owned(),
            Step::Stop => "ClickHouse is gone".to_owned(),
            Step::Start => "ClickHouse is back".to_owned(),
            Step::Forward(number) => format!("instance {number} becomes the new build"),
            Step::Back(number) => format!("instance {number} becomes the old build again"),
        }
    }
}
