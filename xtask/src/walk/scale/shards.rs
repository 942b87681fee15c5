//! One ClickHouse server becomes a cluster of two shards: "From one server to a cluster" of docs/clusters.md.

use anyhow::{Context as _, Result, ensure};

use super::site::Site;
use crate::walk::stage::Build::New;

/// The cluster's name in the changed pipeline.yaml.
const CLUSTER: &str = "walk-store";

/// Tables that were divided, as they were before.
const BEFORE: &str = "SELECT name FROM system.tables WHERE database = 'DB' AND position(name, '_before_') > 0 ORDER BY name";

/// Events of a table as it was that aren't where they are now.
const LOST: &str =
    "SELECT count() FROM DB.TABLE WHERE event_id NOT IN (SELECT event_id FROM DB.event)";

pub(super) fn walk(site: &mut Site<'_>) -> Result<()> {
    site.step("1. both hosts are configured as a cluster, the old one first")?;
    site.ground.spread(CLUSTER)?;
    site.step("2. the plan, against what runs")?;
    // Differences are what it is asked for.
    let plan = site.told(New, &["plan", "--against-live"])?;
    let mut letters = plan.lines().filter(|line| line.starts_with("letters"));
    ensure!(
        letters.next().is_none(),
        "something would be a dead letter: {plan}"
    );
    site.step("3. event-grpc migrate")?;
    site.done(New, &["migrate"])?;
    site.step("4. the new build, one instance after the other")?;
    site.replace(0, New)?;
    site.step("   one instance of each build")?;
    site.replace(1, New)?;
    site.open()?;
    site.done(New, &["migrate", "--check"])?;
    site.step("5. what was divided is compared and dropped")?;
    site.balances()?;
    let before = site.ground.query(0, BEFORE)?;
    let event = before
        .lines()
        .find(|name| name.starts_with("event_before_"));
    let event = event.with_context(|| format!("there is no event_before_…: {before}"))?;
    let lost = site.ground.query(0, &LOST.replace("TABLE", event))?;
    ensure!(lost == "0", "{lost} rows of {event} are on no shard");
    for table in before.lines() {
        site.ground.query(0, &format!("DROP TABLE DB.`{table}`"))?;
    }
    for shard in 0..2 {
        let of_it = format!(
            "SELECT countIf(xxHash64(event_id) % 2 != {shard}), count() > 0 FROM DB.event_local"
        );
        let rows = site.ground.query(shard, &of_it)?;
        ensure!(rows == "0\t1", "shard {shard}: strays and rows are {rows}");
    }
    Ok(())
}
