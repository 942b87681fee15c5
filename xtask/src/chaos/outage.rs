//! `cargo xtask outage`: ClickHouse is down for minutes while events come in, and a check that the instances' memory
//! stayed flat and nothing was lost or given up.

use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::cluster::{Cluster, Server};
use crate::build;
use crate::memory::resident;
use crate::services::{self, Kept};

/// Duration of the load before the outage, to measure the usual memory.
const BEFORE: Duration = Duration::from_secs(60);
/// Duration of the load after it.
const AFTER: Duration = Duration::from_secs(60);
/// Time limit for storing the backlog.
const CATCHING_UP: Duration = Duration::from_secs(600);
/// Maximum rise of an instance's memory during the outage, in MiB for each 1000 events a second.
///
/// It holds what it took from the queues until the outage is ten seconds old, and the blocks that it was filling: some
/// 1 to 2 MiB in bytes, several times over for allocations that are kept. Its half of what comes in during ten minutes
/// would be more than 50 MiB.
const RISE: u64 = 16;
/// Maximum rise from the first half of the outage to the second, in the same unit: nothing may grow with time.
const GROWTH: u64 = 8;

/// Take ClickHouse down for minutes under a load of events, and check that memory stays flat and nothing is lost.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Duration of the outage: frozen for the first half, killed for the second
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Events a second
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    rate: u64,
    /// Use a release build
    #[arg(long)]
    release: bool,
}

/// Runs the load and the outage; fails if events are lost, given up or kept in memory.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let interrupt = services::interrupts()?;
    if !(0.5..=24.0 * 60.0).contains(&args.minutes) {
        bail!("--minutes should be from 0.5 to 1440");
    }
    let half = Duration::from_secs_f64(args.minutes * 30.0);
    services::install::missing_packages(&["rabbitmq"])?;
    let release: &[&str] = if args.release { &["--release"] } else { &[] };
    let built = build::all(release)?;
    let directory = tempfile::Builder::new()
        .prefix("event-grpc-outage-")
        .tempdir()?;
    let mut cluster = Cluster::start(&built.server, directory.path())?;
    let pids = cluster.pids()?;

    let time = BEFORE + 2 * half + AFTER;
    let events = (time.as_secs_f64() * args.rate as f64) as u64;
    println!("outage: {events} events, {} a second", args.rate);
    let load = super::load(
        &cluster,
        &built.loadgen,
        args.rate,
        events,
        CATCHING_UP,
        &[],
    )?;
    let mut watch = Watch {
        begun: Instant::now(),
        interrupt,
        pids,
        load,
    };

    let before = watch.during("ClickHouse serves", BEFORE)?;
    cluster.signal(Server::ClickHouse(0), "STOP")?;
    let frozen = watch.during("ClickHouse is frozen", half)?;
    cluster.kill(Server::ClickHouse(0))?;
    let killed = watch.during("ClickHouse is gone", half)?;
    cluster.start_again(Server::ClickHouse(0))?;
    let (after, complete) = watch.until_the_end("ClickHouse is back")?;
    if !complete {
        println!("{}", cluster.logs());
        bail!("events are missing, refused or doubled");
    }
    let dead = cluster.dead_letters()?;
    if dead != 0 {
        bail!("{dead} events were given up as dead letters, though nothing was wrong with them");
    }
    println!("All {events} events are in their table, each once, and there are no dead letters.");

    let thousands = args.rate.div_ceil(1000);
    let (rise, growth) = (RISE * thousands, GROWTH * thousands);
    println!("Peak of the resident memory of each instance, in MiB:");
    for (number, before) in before.iter().enumerate() {
        let peak = |peaks: &[u64]| peaks.get(number).copied().unwrap_or_default();
        let (frozen, killed) = (peak(&frozen), peak(&killed));
        println!(
            "  instance {number}: {before} before, {frozen} while it was frozen, {killed} while it was gone, {} after",
            peak(&after)
        );
        if frozen.max(killed) > before + rise {
            bail!("an outage took more than {rise} MiB");
        }
        if killed > frozen + growth {
            bail!("memory grew by more than {growth} MiB while the outage lasted");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Observes the load and the instances.
struct Watch {
    begun: Instant,
    interrupt: Receiver<()>,
    pids: Vec<u32>,
    load: Kept,
}

impl Watch {
    /// Peaks of the instances' memory in this time, in MiB.
    fn during(&mut self, what: &str, time: Duration) -> Result<Vec<u64>> {
        let begun = Instant::now();
        self.say(what);
        let mut peaks = vec![0; self.pids.len()];
        while begun.elapsed() < time {
            self.load.check()?;
            self.sample(&mut peaks)?;
        }
        Ok(peaks)
    }

    /// Peaks until the load has ended, and true if all of it is stored.
    fn until_the_end(&mut self, what: &str) -> Result<(Vec<u64>, bool)> {
        self.say(what);
        let mut peaks = vec![0; self.pids.len()];
        loop {
            if let Some(status) = self.load.ended()? {
                return Ok((peaks, status.success()));
            }
            self.sample(&mut peaks)?;
        }
    }

    fn say(&self, what: &str) {
        println!("{:>7.1} s  {what}", self.begun.elapsed().as_secs_f64());
    }

    /// Samples the memory and waits for a moment.
    fn sample(&mut self, peaks: &mut [u64]) -> Result<()> {
        for (pid, peak) in self.pids.iter().zip(peaks) {
            *peak = resident(*pid)?.max(*peak);
        }
        match self.interrupt.recv_timeout(Duration::from_millis(500)) {
            Err(RecvTimeoutError::Timeout) => Ok(()),
            _ => bail!("interrupted"),
        }
    }
}
