//! What senders send beside the load of an upgrade, and what has to be stored of it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use super::messages::{
    self, ACTIVITY, ASSIGNED, BACKUP, CHOSEN, ORDERS, PARTNERS, REQUESTS, TRACES, VOTES,
};
use super::stage::Build;
use crate::ask;
use crate::bench::setting::SECRET;
use crate::chaos::cluster::Cluster;

/// Rounds of messages, and the number of them that each table has to have.
pub(super) struct Rounds<'a> {
    loadgen: &'a Path,
    number: u32,
    sent: BTreeMap<&'static str, u64>,
}

/// The typed table that an event type leaves; the load fills it as well.
const FAILURES: &str = "purchase";

/// Tables, and what tells their rows of these senders apart.
const TABLES: [(&str, &str); 13] = [
    ("affiliate_order", "order_id"),
    ("post_activity_log", "event_id"),
    ("scrape_request_log", "event_id"),
    ("trace_log", "uri"),
    ("bigboss_votes", "id"),
    ("webengage_event", "event_name"),
    ("vidooly_event", "id"),
    ("graphy_event", "id"),
    ("branch_event", "id"),
    ("ab_assignment", "checksum"),
    ("post_log_event", "event_id"),
    ("partner_activity_log", "event_id"),
    (FAILURES, "event_id"),
];

impl<'a> Rounds<'a> {
    pub(super) fn new(loadgen: &'a Path) -> Self {
        Rounds {
            loadgen,
            number: 0,
            sent: BTreeMap::new(),
        }
    }

    /// What senders send in the order of the plan: all that both builds take, in the form that both take, and what only the
    /// one that runs does.
    pub(super) fn send(&mut self, cluster: &Cluster, runs: Build) -> Result<()> {
        self.number += 1;
        let id = format!("round-{}", self.number);
        let http = cluster.http(self.number as usize % 2)?;
        self.published(
            cluster,
            ORDERS,
            "affiliate_order",
            messages::order(&id, None),
        )?;
        self.published(
            cluster,
            ACTIVITY,
            "post_activity_log",
            messages::activity(&id),
        )?;
        self.published(
            cluster,
            REQUESTS,
            "scrape_request_log",
            messages::request(&id, "f"),
        )?;
        self.published(cluster, TRACES, "trace_log", messages::trace(&id))?;
        self.published(cluster, VOTES, "bigboss_votes", messages::vote(&id))?;
        let path = |path: &str| format!("{path}{SECRET}");
        let bearer = format!("Authorization: Bearer {SECRET}");
        let body = messages::webengage(&id, "userId");
        self.taken(
            http,
            &path("/webengage/event/"),
            &[],
            "webengage_event",
            &body,
        )?;
        let body = messages::vidooly(&id, Some("c"));
        self.taken(http, &path("/vidooly/event/"), &[], "vidooly_event", &body)?;
        let (body, graphy) = (messages::branch(&id), format!(r#"{{"of":"{id}"}}"#));
        match runs {
            Build::Old => {
                let failed = messages::failed(&id);
                self.taken(http, "/event/dispatch", &[], FAILURES, &failed)?;
                self.taken(http, &path("/branch/event/"), &[], "branch_event", &body)?;
                self.taken(http, &path("/graphy/event/"), &[], "graphy_event", &graphy)?;
                self.published(
                    cluster,
                    ASSIGNED,
                    "ab_assignment",
                    messages::assignment(&id),
                )?;
                self.published(cluster, BACKUP, "post_log_event", messages::post(&id))?;
                self.published(
                    cluster,
                    PARTNERS,
                    "partner_activity_log",
                    messages::partner(&id),
                )?;
            }
            Build::New => {
                self.taken(http, &path("/branch/events/"), &[], "branch_event", &body)?;
                self.taken(http, "/graphy/event/", &[&bearer], "graphy_event", &graphy)?;
                self.published(cluster, CHOSEN, "ab_assignment", messages::assignment(&id))?;
                // Those who go on as before get what the plan says.
                self.answered(http, &path("/branch/event/"), 404, &body)?;
                self.answered(http, "/shopify/event/", 410, &messages::shopify(&id))?;
                self.answered(http, &path("/graphy/event/"), 404, &graphy)?;
            }
        }
        Ok(())
    }

    /// What nothing is published to while the release is prepared: it is retired.
    pub(super) fn told(&self) -> String {
        let all: u64 = self.sent.values().sum();
        format!("{all} messages of other senders in {} rounds", self.number)
    }

    /// Waits until all of it is stored; fails if anything is missing, or there twice.
    pub(super) fn check(&self, cluster: &Cluster) -> Result<()> {
        TABLES
            .iter()
            .try_for_each(|(table, key)| self.check_table(cluster, table, key))
    }

    /// Waits until the former build has stored what waits of the event type that leaves its table.
    pub(super) fn failures(&self, cluster: &Cluster) -> Result<()> {
        self.check_table(cluster, FAILURES, "event_id")
    }

    fn check_table(&self, cluster: &Cluster, table: &str, key: &str) -> Result<()> {
        let sent = self.sent.get(table).copied().unwrap_or_default();
        let ours = match table {
            FAILURES => "startsWith(event_id, 'round-')",
            _ => "1",
        };
        let query =
            format!("SELECT count(), uniqExact({key}) FROM chaos.{table} FINAL WHERE {ours}");
        let expected = format!("{sent}\t{sent}");
        let mut found = String::new();
        let stored = ask::until(&format!("{sent} rows of {table}, each once"), || {
            found = cluster.query(&query)?;
            Ok(found == expected)
        });
        stored.with_context(|| format!("it has {found}"))
    }

    fn published(
        &mut self,
        cluster: &Cluster,
        route: messages::Route,
        table: &'static str,
        message: String,
    ) -> Result<()> {
        let taken = ask::publish(self.loadgen, &cluster.amqp_url(), route, &[message])?;
        ensure!(taken, "{route:?} does not take a message");
        *self.sent.entry(table).or_default() += 1;
        Ok(())
    }

    fn taken(
        &mut self,
        http: u16,
        path: &str,
        headers: &[&str],
        table: &'static str,
        body: &str,
    ) -> Result<()> {
        let status = ask::send(http, path, headers, body)?;
        ensure!(
            status == 200,
            "a message for {table} is answered with {status}"
        );
        *self.sent.entry(table).or_default() += 1;
        Ok(())
    }

    fn answered(&self, http: u16, path: &str, expected: u16, body: &str) -> Result<()> {
        let status = ask::send(http, path, &[], body)?;
        ensure!(
            status == expected,
            "a former sender is answered with {status}, not {expected}"
        );
        Ok(())
    }
}
