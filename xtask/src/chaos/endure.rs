//! Trial of a run: faults for a while, one after the other, and then the verdicts of the load and of the ledger.

use std::fs;
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::cluster::{Cluster, Servers};
use super::fault::{EVENTS, Fault};
use super::ledger::Ledger;
use super::random::Random;
use super::{Args, wait};
use crate::services::Kept;

/// Time after which other shards store again what comes in, when one takes nothing.
const PASSED_OVER: Duration = Duration::from_secs(3);

/// Time limit for that, if a fault before is still felt.
const STORED: Duration = Duration::from_secs(40);

/// Time limit of the load for ending once it may.
const ENDS: Duration = Duration::from_secs(5);

/// What is tried.
pub(super) struct Trial<'a> {
    pub(super) cluster: &'a mut Cluster,
    pub(super) load: Kept,
    /// File that the load makes once it has reported, and whose end it waits for.
    pub(super) asked: &'a Path,
    pub(super) ledger: Ledger,
    pub(super) servers: Servers,
    pub(super) interrupt: &'a Receiver<()>,
}

impl Trial<'_> {
    /// Injects faults for a while, then waits for the verdicts. Says what was endured.
    pub(super) fn endure(
        mut self,
        args: &Args,
        mut random: Random,
        recovery: Duration,
    ) -> Result<String> {
        let (begun, time) = (Instant::now(), args.time());
        let longest = (args.longest * 1000.0) as u64;
        let say = |text: &str| println!("{:>7.1} s  {text}", begun.elapsed().as_secs_f64());
        let (mut faults, mut seen) = (0, 0);
        loop {
            self.wait(Duration::from_millis(random.within(1000, 4000)))?;
            if begun.elapsed() >= time || self.load.ended()?.is_some() {
                break;
            }
            let fault = Fault::draw(&mut random, self.servers);
            let length = Duration::from_millis(random.within(500, longest));
            if fault.ends_an_instance() {
                self.ledger.check(self.cluster, self.interrupt)?;
            }
            say(&format!("{fault} for {:.1} s", length.as_secs_f64()));
            faults += 1;
            fault.begin(self.cluster)?;
            match fault.shuts().filter(|_| length > 2 * PASSED_OVER) {
                Some(shard) if self.cluster.shards() > 1 => {
                    self.others_store(shard, length)
                        .with_context(|| format!("while {fault}"))?;
                    seen += 1;
                }
                _ => self.wait(length)?,
            }
            fault
                .end(self.cluster)
                .with_context(|| format!("after: {fault}"))?;
            if fault.ends_an_instance() {
                self.ledger.open_again(self.cluster, self.interrupt)?;
            }
        }
        say(&format!("no more faults; {faults} were made"));
        // The load waits so long for its last answer, then for its last row, and then for the last dead letter.
        self.reported(time.saturating_sub(begun.elapsed()) + 3 * recovery)?;
        let ledger = self.ledger.close(self.cluster, self.interrupt);
        // What the load has found is told first.
        fs::remove_file(self.asked).ok();
        self.verdict(ENDS)?;
        let ledger = ledger?;
        let others = match seen {
            0 => String::new(),
            seen => format!(" In {seen} of them it was seen that other shards stored meanwhile."),
        };
        Ok(format!("{faults} faults.{others}\n{ledger}"))
    }

    /// Waits as long as a fault of a shard lasts, and until the others have stored something meanwhile; fails if they don't.
    fn others_store(&self, shard: usize, length: Duration) -> Result<()> {
        let begun = Instant::now();
        self.wait(PASSED_OVER)?;
        let before = self.rows_beside(shard)?;
        self.wait(length.saturating_sub(PASSED_OVER))?;
        while self.rows_beside(shard)? <= before {
            if begun.elapsed() > STORED {
                bail!("the other shards store no events: they have {before} rows as before");
            }
            self.wait(Duration::from_secs(1))?;
        }
        Ok(())
    }

    /// Rows of events of all shards but one.
    fn rows_beside(&self, shard: usize) -> Result<u64> {
        let sql = format!("SELECT count() FROM {}", self.cluster.table(EVENTS));
        let others = (0..self.cluster.shards()).filter(|at| *at != shard);
        let counts = others.map(|at| {
            let count = self.cluster.shard(at)?.run(&sql)?;
            let count = count.trim();
            let parsed = count.parse::<u64>();
            parsed.with_context(|| format!("{count} is no count"))
        });
        counts.sum()
    }

    /// Waits until the load has reported, or ended without, but not longer than this.
    fn reported(&mut self, most: Duration) -> Result<()> {
        let begun = Instant::now();
        while !self.asked.exists() && self.load.ended()?.is_none() {
            if begun.elapsed() > most {
                bail!("the load has not reported after {most:.0?}");
            }
            self.wait(Duration::from_millis(200))?;
        }
        Ok(())
    }

    /// Waits for the verdict of the load, but not longer than this.
    fn verdict(&mut self, most: Duration) -> Result<()> {
        super::upgrade::verdict(&mut self.load, most, self.interrupt)
    }

    fn wait(&self, time: Duration) -> Result<()> {
        wait(self.interrupt, time)
    }
}
