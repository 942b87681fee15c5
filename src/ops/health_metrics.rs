//! Metrics of health: what is out of order, the heartbeat, and the ages of messages, set at intervals.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::readiness::Readiness;
use crate::metrics::health::{BEATING, DEGRADED};

/// Interval at which they are set.
const EVERY: Duration = Duration::from_secs(5);

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
