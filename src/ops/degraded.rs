//! Degradations: what is out of order in an instance, since when, and what to do about it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::readiness::Readiness;
use crate::broker::{Link, Troubles};
use crate::health::Beat;
use crate::metrics::health::{BEATING, DEGRADED};
use crate::sink::health::{Server, ServerState, TableState};
use crate::time::now;

/// Interval at which metrics are set.
const EVERY: Duration = Duration::from_secs(5);

/// Time before a certificate expires from which that is told.
const EXPIRES_SOON: i64 = 14 * 24 * 60 * 60;

/// Time for which a queue may have no consumer before that is told: instances are replaced.
const ALONE: Duration = Duration::from_secs(30);

/// What is out of order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Degradation {
    /// Stable code: one of [`REASONS`](crate::metrics::health::REASONS).
    pub code: &'static str,
    /// Name of what it is about; empty if there is one only.
    pub subject: String,
    /// Since when, as far as it is known.
    pub since: SystemTime,
    /// What is wrong, for people.
    pub what: String,
    /// What to do.
    pub advice: &'static str,
}

/// When each degradation was first seen. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct FirstSeen(Arc<Mutex<BTreeMap<(&'static str, String), SystemTime>>>);

impl FirstSeen {
    /// Fills in since when those are there that don't say it, and forgets those that are gone.
    fn fill_in(&self, found: Vec<Found>) -> Vec<Degradation> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = BTreeMap::new();
        let mut list = Vec::new();
        for found in found {
            let key = (found.code, found.subject);
            let before = known.get(&key).copied();
            let since = found.since.or(before).unwrap_or_else(SystemTime::now);
            next.insert(key.clone(), since);
            list.push(Degradation {
                code: key.0,
                subject: key.1,
                since,
                what: found.what,
                advice: advice(found.code),
            });
        }
        *known = next;
        list
    }
}

/// Degradation before it is known since when it is there.
struct Found {
    code: &'static str,
    subject: String,
    since: Option<SystemTime>,
    what: String,
}

fn found(code: &'static str, subject: &str, what: &str) -> Found {
    Found {
        code,
        subject: subject.to_owned(),
        since: None,
        what: what.to_owned(),
    }
}

impl Found {
    fn since(self, since: SystemTime) -> Self {
        let since = Some(since);
        Found { since, ..self }
    }
}

impl Readiness {
    /// All that is out of order now.
    pub fn degradations(&self) -> Vec<Degradation> {
        let mut list = self.of_broker();
        list.extend(self.of_queues());
        list.extend(self.of_stores());
        list.extend(self.of_access());
        if self.health.now() == Beat::Resting {
            list.push(found("resting", "", "it wants no traffic"));
        }
        self.first_seen.fill_in(list)
    }

    fn of_broker(&self) -> Vec<Found> {
        let broker = self.broker.borrow().clone();
        let mut list = Vec::new();
        match &broker.link {
            Link::Down { since, reason } => {
                list.push(found("broker_down", "", reason).since(*since));
            }
            Link::Blocked { since, reason } => {
                list.push(found("broker_blocked", "", reason).since(*since));
            }
            Link::Up | Link::Closed => {}
        }
        for problem in broker.problems.iter() {
            list.push(found("topology", &problem.what, &problem.to_string()));
        }
        let each = |code: &'static str, troubles: &Troubles| -> Vec<Found> {
            let troubles = troubles.iter();
            troubles.map(|(name, why)| found(code, name, why)).collect()
        };
        list.extend(each("exchange_shut", &broker.shut));
        list.extend(each("queue_not_consumed", &broker.not_consumed));
        list.extend(each("queue_late", &broker.late));
        list
    }

    fn of_queues(&self) -> Vec<Found> {
        let mut list = Vec::new();
        for (queue, stopped) in self.paused.stopped_queues() {
            list.push(found("queue_stopped", queue, &stopped.reason).since(stopped.since));
        }
        for (queue, why) in self.paused.returned() {
            list.push(found("returned_often", queue, &why));
        }
        let (stopped, paused) = (self.paused.stopped_queues(), self.paused.paused());
        for alone in self.backlog.alone() {
            // What it isn't consumed for is told already.
            if stopped.contains_key(alone.queue)
                || alone.into.iter().any(|name| paused.contains_key(name))
            {
                continue;
            }
            let (queue, ready) = (alone.queue, alone.ready);
            let (code, what) = match alone.retired {
                true => (
                    "orphaned_queue",
                    format!(
                        "{ready} messages wait in a queue that this build declares no more, and nobody consumes it"
                    ),
                ),
                false if alone.since.elapsed().is_ok_and(|time| time < ALONE) => continue,
                false => (
                    "queue_without_consumer",
                    format!("{ready} messages wait, and no instance consumes the queue"),
                ),
            };
            list.push(found(code, queue, &what).since(alone.since));
        }
        list
    }

    fn of_stores(&self) -> Vec<Found> {
        let mut list = Vec::new();
        let mut reasons = BTreeSet::new();
        for (server, state) in self.servers.borrow().iter() {
            let ServerState::Down(reason) = state else {
                continue;
            };
            let name = match server {
                Server::ClickHouse(name) => name,
                Server::Postgres => "postgres",
            };
            reasons.insert(reason.clone());
            list.push(found("server_down", name, reason));
        }
        let paused = self.paused.paused();
        for (name, paused) in &paused {
            let code = match self.requests.has_target(name) {
                true => "target_paused",
                false => "table_paused",
            };
            list.push(found(code, name, &paused.reason).since(paused.since));
        }
        for (table, state) in self.tables.borrow().iter() {
            // A server that is down is told once, and so is a table that is paused.
            if let TableState::Trouble(reason) = state
                && !reasons.contains(reason)
                && !paused.contains_key(table)
            {
                list.push(found("table_misfit", table, reason));
            }
        }
        list
    }

    fn of_access(&self) -> Vec<Found> {
        let mut list = Vec::new();
        if let Some(tls) = &self.tls {
            let left = tls.expires() - i64::try_from(now().as_secs()).unwrap_or(i64::MAX);
            let what = match tls.trouble() {
                Some(trouble) => Some(trouble.to_string()),
                None => (left < EXPIRES_SOON)
                    .then(|| format!("it expires in {} days", left / (24 * 60 * 60))),
            };
            list.extend(what.map(|what| found("certificate", "", &what)));
        }
        for (file, bad) in ["keys", "jwks"].into_iter().zip(self.senders.bad()) {
            list.extend(bad.map(|bad| found("key_file", file, &bad)));
        }
        for warning in self.senders.warnings() {
            let listener = warning.split(' ').next().unwrap_or_default();
            list.push(found("exposed", listener, &warning));
        }
        for source in &self.unverified {
            let what = "anybody may send, because --unverified says so";
            list.push(found("unverified", source, what));
        }
        list
    }
}

/// What to do about each of them.
fn advice(code: &str) -> &'static str {
    match code {
        "broker_down" => "see that RabbitMQ runs and that --amqp-url leads to it",
        "broker_blocked" => {
            "free disk or memory at RabbitMQ: it takes no messages while an alarm is on (rabbitmqctl status)"
        }
        "topology" => {
            "replace what is declared otherwise, as docs/cutover.md says; it is used as it is"
        }
        "exchange_shut" => "see that the exchange is there and the account may write to it",
        "queue_not_consumed" => {
            "see that the queue is there, and that the account may read it and isn't shut out by an exclusive consumer"
        }
        "queue_without_consumer" => {
            "see why instances don't consume it: is its destination configured, paused or its breaker open?"
        }
        "queue_stopped" => {
            "look at its dead letters (event-grpc dlq list): fix what makes them; the breaker closes by itself"
        }
        "queue_late" => {
            "raise retention.ms of the topic before Kafka deletes messages, then see why they wait"
        }
        "returned_often" => {
            "see in the log why messages are returned, and that a policy lifts the delivery limit (generated/definitions.json)"
        }
        "orphaned_queue" => {
            "let an instance of the old build empty it, or retire it with event-grpc apply (docs/changes.md)"
        }
        "server_down" => "see that the server runs and that its URL leads to it",
        "table_misfit" => "apply the migrations: event-grpc migrate; --check tells what differs",
        "table_paused" => {
            "mend what its reason says at the store; messages wait in their queues and nothing is lost"
        }
        "target_paused" => {
            "see why the HTTP API refuses everything: its address, its key, its state"
        }
        "certificate" => {
            "put a new certificate and key in place of the files; they are read without a restart"
        }
        "key_file" => {
            "mend the file (event-grpc keys list reads it, too); what was read before is in force until then"
        }
        "exposed" => "give it a certificate (--tls-cert), and its sources keys (--keys)",
        "unverified" => "give the source its secret or a key file, and leave --unverified out",
        "resting" => {
            "an operator said so, or it is about to stop: PUT /heartbeat/?beat=true undoes that"
        }
        _ => "",
    }
}

/// As JSON, for `/readyz`.
pub(super) fn json(list: &[Degradation]) -> Value {
    let one = |one: &Degradation| {
        let since: DateTime<Utc> = one.since.into();
        json!({
            "code": one.code,
            "subject": one.subject,
            "since": since.to_rfc3339_opts(SecondsFormat::Secs, true),
            "what": one.what,
            "advice": one.advice,
        })
    };
    list.iter().map(one).collect()
}

/// Keeps the metrics of health and of ages until `stop`.
pub async fn watch(readiness: Readiness, stop: CancellationToken) {
    let mut told: BTreeSet<(&'static str, String)> = BTreeSet::new();
    loop {
        let list = readiness.degradations().into_iter();
        let now: BTreeSet<_> = list.map(|one| (one.code, one.subject)).collect();
        for (code, subject) in told.difference(&now) {
            DEGRADED.set([(*code).to_owned(), subject.clone()], false);
        }
        for (code, subject) in &now {
            DEGRADED.set([(*code).to_owned(), subject.clone()], true);
        }
        told = now;
        BEATING.set_to(readiness.health.is_beating());
        let backlog = &readiness.backlog;
        let held = &readiness.paused.held;
        held.tell(|queue| backlog.waiting(queue));
        let rest = tokio::time::sleep(EVERY);
        if stop.run_until_cancelled(rest).await.is_none() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::health::REASONS;

    #[test]
    fn each_reason_has_an_advice() {
        for reason in REASONS {
            assert!(!advice(reason).is_empty(), "{reason}");
        }
    }

    #[test]
    fn what_stays_is_there_since_it_was_first_seen() {
        let seen = FirstSeen::default();
        let fill_in = |subjects: &[&str]| {
            let list = subjects
                .iter()
                .map(|subject| found("topology", subject, ""));
            seen.fill_in(list.collect())
        };
        let first = fill_in(&["a"]);
        assert_eq!(fill_in(&["a", "b"]).first(), first.first());
        fill_in(&[]);
        assert!(fill_in(&["a"]).first().map(|one| one.since) > first.first().map(|one| one.since));
    }
}
