//! What is out of order now, part by part.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Readiness;
use crate::broker::{Link, Troubles};
use crate::health::Beat;
use crate::ops::degraded::{Degradation, Found, found};
use crate::sink::health::{Server, ServerState, Servers, TableState, Tables};
use crate::time::now;
use crate::worker::Paused;

/// Time before a certificate expires from which that is told.
const EXPIRES_SOON: i64 = 14 * 24 * 60 * 60;

/// Time for which a queue may have no consumer before that is told: instances are replaced.
const ALONE: Duration = Duration::from_secs(30);

impl Readiness {
    /// All that is out of order now.
    pub fn degradations(&self) -> Vec<Degradation> {
        let mut list = self.of_broker();
        list.extend(self.of_queues());
        list.extend(of_stores(
            &self.servers.borrow(),
            &self.tables.borrow(),
            &self.paused.paused(),
            |name| self.requests.has_target(name),
        ));
        list.extend(self.of_access());
        if let Some(trouble) = self.tracer.trouble() {
            list.push(found("trace_export", "", &trouble.reason).since(trouble.since));
        }
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

    fn of_access(&self) -> Vec<Found> {
        let mut list = Vec::new();
        if let Some(tls) = &self.tls {
            let left = tls.until() - i64::try_from(now().as_secs()).unwrap_or(i64::MAX);
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
        let bad = self.switches.bad();
        list.extend(bad.map(|bad| found("switch_file", "", &bad)));
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

/// What is out of order at the stores. A server that is down is told once: its tables, which are in trouble for its reason,
/// aren't told beside it, paused or not.
fn of_stores(
    servers: &Servers,
    tables: &Tables,
    paused: &BTreeMap<&'static str, Paused>,
    is_target: impl Fn(&str) -> bool,
) -> Vec<Found> {
    let mut list = Vec::new();
    let mut reasons = BTreeSet::new();
    for (server, state) in servers {
        let ServerState::Down(reason) = state else {
            continue;
        };
        let name = match server {
            Server::ClickHouse(name) => name,
            Server::Postgres => "postgres",
        };
        reasons.insert(reason);
        list.push(found("server_down", name, reason));
    }
    let is_told = |name: &str| match tables.get(name) {
        Some(TableState::Trouble(reason)) => reasons.contains(reason),
        _ => false,
    };
    for (name, paused) in paused {
        let code = match is_target(name) {
            true => "target_paused",
            false if is_told(name) => continue,
            false => "table_paused",
        };
        list.push(found(code, name, &paused.reason).since(paused.since));
    }
    for (table, state) in tables {
        if let TableState::Trouble(reason) = state
            && !is_told(table)
            && !paused.contains_key(table)
        {
            list.push(found("table_misfit", table, reason));
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_table_that_takes_nothing_is_told_while_another_server_is_down() {
        let silent = || "no answer within 3 s".to_owned();
        let servers = Servers::from([
            (Server::ClickHouse("main"), ServerState::Up),
            (Server::ClickHouse("events_2"), ServerState::Down(silent())),
            (Server::Postgres, ServerState::Down("refused".to_owned())),
        ]);
        let tables = Tables::from([
            ("event", TableState::Fits),
            ("event_2", TableState::Trouble(silent())),
            ("purchase", TableState::Trouble("no column `a`".to_owned())),
            ("user_account", TableState::Trouble("refused".to_owned())),
        ]);
        let paused = ["event", "event_2", "user_account", "partner"].map(|name| {
            let (since, reason) = (SystemTime::now(), format!("{name} takes nothing"));
            (name, Paused { since, reason })
        });
        let list = of_stores(&servers, &tables, &BTreeMap::from(paused), |name| {
            name == "partner"
        });
        let told: Vec<(&str, &str)> = list
            .iter()
            .map(|found| (found.code, found.subject.as_str()))
            .collect();
        let expected = [
            ("server_down", "events_2"),
            ("server_down", "postgres"),
            ("table_paused", "event"),
            ("target_paused", "partner"),
            ("table_misfit", "purchase"),
        ];
        assert_eq!(told, expected);
    }
}
