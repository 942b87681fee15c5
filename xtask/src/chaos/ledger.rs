//! Ledger of a run: readings of `event-grpc ledger` while the same processes run, and one when nothing is left to do.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::cluster::Cluster;
use super::wait;

/// Time limit for a reading, since servers may be on their way back.
const ANSWER: Duration = Duration::from_secs(60);

/// Time limit for the last reading, in which everything has to be settled.
const SETTLED: Duration = Duration::from_secs(60);

/// The ledger since the instances that run were started.
pub(super) struct Ledger {
    executable: PathBuf,
    opening: PathBuf,
    /// Port of loopback that tells what the load publishes to brokers itself.
    load: Option<u16>,
    readings: u32,
}

impl Ledger {
    /// Takes the first reading.
    pub(super) fn open(
        executable: &Path,
        directory: &Path,
        cluster: &Cluster,
        interrupt: &Receiver<()>,
    ) -> Result<Self> {
        let mut ledger = Ledger {
            executable: executable.to_owned(),
            opening: directory.join("ledger.json"),
            load: None,
            readings: 0,
        };
        ledger.open_again(cluster, interrupt)?;
        Ok(ledger)
    }

    /// Counts in what the load publishes to brokers itself, which would be a surplus that hides as many missing messages.
    pub(super) fn count_in(&mut self, load: u16) {
        self.load = Some(load);
    }

    /// Takes another opening: what a process has counted ends with it.
    pub(super) fn open_again(&mut self, cluster: &Cluster, interrupt: &Receiver<()>) -> Result<()> {
        let path = self.opening.clone();
        let begun = Instant::now();
        while let Err(error) = self.read(cluster, "--save", &path) {
            if begun.elapsed() > ANSWER {
                return Err(error.context("no opening of the ledger"));
            }
            wait(interrupt, Duration::from_millis(500))?;
        }
        Ok(())
    }

    /// Fails if messages are missing since the opening.
    pub(super) fn check(&mut self, cluster: &Cluster, interrupt: &Receiver<()>) -> Result<()> {
        self.compared(cluster, interrupt).map(drop)
    }

    /// Waits until no queue has messages, none are held, and no more were settled than published; fails if some are
    /// missing, stay, or come from nowhere. Says what agreed.
    pub(super) fn close(&mut self, cluster: &Cluster, interrupt: &Receiver<()>) -> Result<String> {
        let begun = Instant::now();
        loop {
            let answer = self.compared(cluster, interrupt)?;
            let mut left = left(&answer);
            // Of a partition of Kafka that has moved, what was settled and not committed yet is settled again, uncounted.
            if cluster.kafka_brokers().is_none() {
                left.extend(from_nowhere(&answer));
            }
            if left.is_empty() {
                return Ok(self.told(&answer));
            }
            if begun.elapsed() > SETTLED {
                bail!("the ledger doesn't come to rest:\n{}", left.join("\n"));
            }
            wait(interrupt, Duration::from_secs(1))?;
        }
    }

    /// What happened since the opening; fails if messages are missing.
    fn compared(&mut self, cluster: &Cluster, interrupt: &Receiver<()>) -> Result<Value> {
        let path = self.opening.clone();
        let begun = Instant::now();
        let answer = loop {
            match self.read(cluster, "--opening", &path) {
                Ok(answer) => break answer,
                Err(error) if begun.elapsed() > ANSWER => {
                    return Err(error.context("no reading of the ledger"));
                }
                Err(_) => wait(interrupt, Duration::from_millis(500))?,
            }
        };
        if answer["explained"] != true {
            let missing = lines(&answer).filter(|line| line["verdict"] == "missing");
            let missing: Vec<String> = missing.map(Value::to_string).collect();
            bail!("the ledger misses messages:\n{}", missing.join("\n"));
        }
        Ok(answer)
    }

    /// Runs the command. Of its answer only what is no ledger is an error.
    fn read(&mut self, cluster: &Cluster, option: &str, path: &Path) -> Result<Value> {
        let mut command = Command::new(&self.executable);
        command.args(["ledger", "--json", "--wait", "2"]);
        command.args(["--amqp-url", &cluster.amqp_url()]);
        for port in cluster.ops().into_iter().chain(self.load) {
            command.args(["--instance", &format!("http://127.0.0.1:{port}")]);
        }
        if let Some(brokers) = cluster.kafka_brokers() {
            command.args(["--kafka-brokers", &brokers]);
        }
        let output = command.arg(option).arg(path).output();
        let output = output.context("event-grpc ledger can't be run")?;
        self.readings += 1;
        let answer = serde_json::from_slice(&output.stdout);
        answer.with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn told(&self, answer: &Value) -> String {
        let used = lines(answer).filter(|line| line["delivered"] != 0);
        let settled: u64 = used
            .clone()
            .filter_map(|line| line["acknowledged"].as_u64())
            .sum();
        let count = |verdict: &str| {
            let such = used.clone().filter(|line| line["verdict"] == verdict);
            such.count()
        };
        format!(
            "The ledger agrees after {} readings: no queue has messages left, and since the last opening {settled} were \
             settled; {} queues balanced, {} within the band, {} with messages whose publisher or settlement had no answer, {} not \
             explained.",
            self.readings,
            count("balanced"),
            count("within_band"),
            count("surplus"),
            count("unknown")
        )
    }
}

fn lines(answer: &Value) -> impl Iterator<Item = &Value> + Clone {
    answer["queues"].as_array().into_iter().flatten()
}

/// Queues with messages that wait or are held.
fn left(answer: &Value) -> Vec<String> {
    let nothing = |span: &Value| span["low"] == 0 && span["high"] == 0;
    let left = lines(answer).filter(|line| !(nothing(&line["ready"]) && nothing(&line["held"])));
    left.map(|line| {
        format!(
            "{}: ready {}, held {}",
            line["queue"], line["ready"], line["held"]
        )
    })
    .collect()
}

/// Queues with more messages than were published, and than can be there twice: the load is counted in, so that nobody else
/// publishes.
fn from_nowhere(answer: &Value) -> Vec<String> {
    let count = |line: &Value, name: &str| line[name].as_i64().unwrap_or(0);
    let such = lines(answer).filter(|line| {
        let surplus = line["remainder"]["high"].as_i64().map_or(i64::MAX, |n| -n);
        line["verdict"] == "surplus"
            && surplus > count(line, "unanswered") + count(line, "redelivered")
    });
    such.map(|line| {
        format!(
            "{}: more settled than published, {}",
            line["queue"], line["remainder"]
        )
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_that_waits_or_is_held_is_left() {
        let span = |high: u32| json!({"low": 0, "high": high});
        let line = |ready, held| json!({"queue": "q", "ready": span(ready), "held": span(held)});
        let left = |lines: &[Value]| left(&json!({"queues": lines})).len();
        assert_eq!(left(&[line(0, 0)]), 0);
        assert_eq!(left(&[line(1, 0), line(0, 0), line(0, 2)]), 2);
        // What isn't there isn't zero.
        assert_eq!(left(&[json!({"queue": "q"})]), 1);
    }
    #[test]
    fn a_surplus_that_nobody_published_is_from_nowhere() {
        let line = |remainder: i32, unanswered: u32, redelivered: u32| {
            let remainder = json!({"low": remainder - 3, "high": remainder});
            json!({"queue": "q", "verdict": "surplus", "remainder": remainder, "unanswered": unanswered,
                "redelivered": redelivered})
        };
        let found = |line: Value| from_nowhere(&json!({"queues": [line]})).len();
        assert_eq!(found(line(-5, 0, 0)), 1);
        assert_eq!(found(line(-5, 2, 2)), 1);
        assert_eq!(found(line(-5, 2, 3)), 0);
        assert_eq!(found(json!({"queue": "q", "verdict": "balanced"})), 0);
        // What isn't there explains nothing.
        assert_eq!(found(json!({"queue": "q", "verdict": "surplus"})), 1);
    }
}
