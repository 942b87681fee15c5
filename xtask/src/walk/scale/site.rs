//! Site of a walk: the ground with two instances, and the load on them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::ask;
use crate::chaos::{upgrade, wait};
use crate::ground::{Ground, Servers};
use crate::services::{Keep, Kept};
use crate::walk::stage::{Build, Builds};

/// Events a second.
const RATE: u64 = 400;

/// More events than any walk takes time for.
const MOST: u64 = 100_000_000;

/// How long a request may be repeated, and the last rows may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long the load goes on between two steps.
const BETWEEN: Duration = Duration::from_secs(3);

/// Servers, two instances and a load.
pub(super) struct Site<'a> {
    // Fields are dropped in order: the load ends first.
    load: Kept,
    pub(super) ground: Ground,
    builds: &'a Builds,
    folder: PathBuf,
    interrupt: &'a Receiver<()>,
    /// The build of the instance that was replaced last.
    runs: Build,
    begun: Instant,
}

impl<'a> Site<'a> {
    /// Starts the servers, two instances of the old build, and the load.
    pub(super) fn start(
        builds: &'a Builds,
        servers: Servers,
        folder: &Path,
        interrupt: &'a Receiver<()>,
    ) -> Result<Self> {
        let mut ground = Ground::start(&builds.old, 2, servers, folder)?;
        ground.done(&builds.old, &["migrate"])?;
        for number in 0..2 {
            ground.replace(number, &builds.old)?;
        }
        let load = load(builds, &ground, folder)?;
        Ok(Site {
            load,
            ground,
            builds,
            folder: folder.to_owned(),
            interrupt,
            runs: Build::Old,
            begun: Instant::now(),
        })
    }

    /// Says what comes, after the load has gone on for a while.
    pub(super) fn step(&mut self, text: &str) -> Result<()> {
        wait(self.interrupt, BETWEEN)?;
        if self.load.ended()?.is_some() {
            bail!("the load has ended before its time");
        }
        self.say(text);
        Ok(())
    }

    pub(super) fn say(&self, text: &str) {
        println!("{:>7.1} s  {text}", self.begun.elapsed().as_secs_f64());
    }

    /// Replaces an instance by one of this build.
    pub(super) fn replace(&mut self, number: usize, build: Build) -> Result<()> {
        self.runs = build;
        self.ground.replace(number, self.builds.of(build))
    }

    /// Runs a command of a build, which has to end well; what it said.
    pub(super) fn done(&self, build: Build, args: &[&str]) -> Result<String> {
        self.ground.done(self.builds.of(build), args)
    }

    /// Runs a command of a build, whatever comes of it; what it said.
    pub(super) fn told(&self, build: Build, args: &[&str]) -> Result<String> {
        Ok(self.ground.run(self.builds.of(build), args)?.1)
    }

    /// Runs a command of a build, which has to refuse, with this text.
    pub(super) fn refused(&self, build: Build, args: &[&str], with: &str) -> Result<()> {
        let (good, text) = self.ground.run(self.builds.of(build), args)?;
        let refused = !good && text.contains(with);
        ensure!(refused, "{} doesn't say {with:?}: {text}", args.join(" "));
        Ok(())
    }

    /// Takes the reading from which the next ledger counts. Senders hold their breath meanwhile, so that it is exact. What
    /// former instances have settled looks missing without one.
    pub(super) fn open(&mut self) -> Result<()> {
        let opening = self.opening();
        let args = ["--save", &opening];
        self.ledger_when("nothing moves", &args, |_| true).map(drop)
    }

    /// Fails unless every queue balances exactly since the opening; the lines of the queues.
    pub(super) fn balances(&mut self) -> Result<Vec<Value>> {
        let opening = self.opening();
        let args = ["--opening", &opening];
        let balanced = |lines: &[Value]| lines.iter().all(|line| line["verdict"] == "balanced");
        let lines = self.ledger_when("every queue balances", &args, balanced)?;
        let published = |line: &Value| line["published"].as_u64() > Some(0);
        ensure!(
            lines.iter().any(published),
            "nothing was published since the opening"
        );
        Ok(lines)
    }

    /// Ends the load, and fails unless each event is stored once, nothing is a dead letter and the ledger balances.
    pub(super) fn end(&mut self) -> Result<()> {
        self.step("the senders stop")?;
        fs::write(self.folder.join("stop"), "")?;
        upgrade::verdict(&mut self.load, 3 * PATIENCE, self.interrupt)?;
        let letters = "SELECT queue, class, reason FROM DB.error_event FINAL LIMIT 3";
        let letters = self.ground.query(0, letters)?;
        ensure!(letters.is_empty(), "there are dead letters: {letters}");
        self.balances()?;
        self.say("every event is stored once, and every message is accounted for");
        Ok(())
    }

    /// Asks for the ledger until nothing moves and its lines are as they should be. The load is held back meanwhile.
    fn ledger_when(
        &mut self,
        what: &str,
        args: &[&str],
        good: impl Fn(&[Value]) -> bool,
    ) -> Result<Vec<Value>> {
        let runs = self.load.ended()?.is_none();
        if runs {
            self.load.signal("STOP")?;
        }
        let mut lines = Vec::new();
        let seen = ask::until(what, || {
            let ledger = self.ledger(args)?;
            lines = ledger["queues"].as_array().cloned().unwrap_or_default();
            Ok(ledger["quiet"] == true && good(&lines))
        });
        if runs {
            self.load.signal("CONT")?;
        }
        let odd = lines.iter().filter(|line| line["verdict"] != "balanced");
        let odd: Vec<String> = odd.map(Value::to_string).collect();
        seen.with_context(|| format!("the ledger: {}", odd.join("\n")))?;
        Ok(lines)
    }

    fn ledger(&self, args: &[&str]) -> Result<Value> {
        let mut all = vec!["ledger".to_owned(), "--json".to_owned()];
        for ops in self.ground.ops() {
            all.extend(["--instance".to_owned(), ops]);
        }
        all.extend(args.iter().map(|arg| (*arg).to_owned()));
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let text = self.told(self.runs, &all)?;
        let line = text.lines().next().unwrap_or_default();
        serde_json::from_str(line).with_context(|| text.clone())
    }

    fn opening(&self) -> String {
        self.folder.join("opening.json").display().to_string()
    }
}

/// Starts the load: every request twice, the second time to the other instance, and every other one without ids.
fn load(builds: &Builds, ground: &Ground, folder: &Path) -> Result<Kept> {
    let mut load = Command::new(&builds.loadgen);
    load.args(["load", "--batch", "10", "--connections", "2"]);
    load.args(["--again", "--without-ids"]);
    for address in ground.grpc() {
        load.args(["--to", &address]);
    }
    load.args(["--events", &MOST.to_string(), "--rate", &RATE.to_string()]);
    load.args(["--patience", &PATIENCE.as_secs().to_string()]);
    load.args(["--clickhouse-url", &ground.urls().1]);
    load.arg("--until").arg(folder.join("stop"));
    let keep = Keep {
        name: "the load",
        signal: "TERM",
        directory: None,
        log: None,
    };
    Kept::spawn(&keep, &load)
}
