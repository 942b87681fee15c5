//! Degradations: what is out of order in an instance, since when, and what to do about it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

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
    pub(super) fn fill_in(&self, found: Vec<Found>) -> Vec<Degradation> {
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
pub(super) struct Found {
    pub(super) code: &'static str,
    pub(super) subject: String,
    since: Option<SystemTime>,
    what: String,
}

/// What is out of order now, since nobody knows when.
pub(super) fn found(code: &'static str, subject: &str, what: &str) -> Found {
    Found {
        code,
        subject: subject.to_owned(),
        since: None,
        what: what.to_owned(),
    }
}

impl Found {
    /// The same, since then.
    pub(super) fn since(self, since: SystemTime) -> Self {
        let since = Some(since);
        Found { since, ..self }
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
        "exposed" => {
            "give it a certificate (--tls-cert), and its sources keys (--keys) or secrets of webhooks"
        }
        "switch_file" => {
            "mend the file (event-grpc switches check reads it, too); what was read before is in force until then"
        }
        "unverified" => "give the source its secret or a key file, and leave --unverified out",
        "trace_export" => {
            "see that the collector runs and that --trace-endpoint leads to it; events don't wait for it"
        }
        "resting" => {
            "an operator said so, which PUT /heartbeat/?beat=true undoes, or it is about to stop"
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
