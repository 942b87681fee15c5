//! One queue becomes four partitions, and one again: "Another number" of docs/rabbitmq.md.

use anyhow::{Result, ensure};
use serde_json::Value;

use super::QUEUE;
use super::site::Site;
use crate::walk::stage::Build::{self, New, Old};

pub(super) fn walk(site: &mut Site<'_>) -> Result<()> {
    site.step("1. the new build, one instance after the other: four partitions")?;
    replace(site, New)?;
    site.step("2. event-grpc apply --yes")?;
    site.done(New, &["apply", "--yes"])?;
    site.open()?;
    site.step("   events go by the partitions")?;
    let lines = site.balances()?;
    let used = lines.iter().filter(|line| is_partition(line));
    let used = used
        .filter(|line| line["published"].as_u64() > Some(0))
        .count();
    ensure!(used > 1, "events go by {used} partitions: {lines:?}");
    site.step("1. back: the former build, one instance after the other")?;
    replace(site, Old)?;
    site.step("2. event-grpc apply --yes")?;
    let said = site.done(Old, &["apply", "--yes"])?;
    let deleted = format!("queue {QUEUE}.3");
    ensure!(
        said.contains(&deleted),
        "it doesn't say {deleted:?}: {said}"
    );
    let queues = site.ground.queues(&["name"])?;
    let prefix = format!("{QUEUE}.");
    let left = queues.lines().find(|name| name.starts_with(&prefix));
    ensure!(left.is_none(), "{left:?} is still there");
    site.open()
}

/// Replaces both instances; for a while one of each build runs.
fn replace(site: &mut Site<'_>, build: Build) -> Result<()> {
    site.replace(0, build)?;
    site.step("   one instance of each build")?;
    site.replace(1, build)
}

fn is_partition(line: &Value) -> bool {
    let name = line["queue"].as_str().unwrap_or_default();
    name.strip_prefix(QUEUE)
        .is_some_and(|rest| rest.starts_with('.'))
}
