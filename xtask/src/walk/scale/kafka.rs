//! One queue goes from RabbitMQ to Kafka, back, and to Kafka again: "Moving a queue to Kafka, and back" of docs/kafka.md.

use anyhow::{Result, ensure};

use super::QUEUE;
use super::site::Site;
use crate::walk::stage::Build::{New, Old};

/// The topic in the changed pipeline.yaml.
const TOPIC: &str = "walk-events";

pub(super) fn walk(site: &mut Site<'_>) -> Result<()> {
    to_kafka(site)?;
    site.step("   events go by the topic")?;
    by_the_queue(site)?;
    let back = ["cutover", "--from-topic", TOPIC, "--queue", QUEUE];
    site.step("1. back: the former build, one instance after the other")?;
    site.replace(0, Old)?;
    site.step("   one instance of each build")?;
    site.refused(Old, &back, "is still consumed")?;
    site.replace(1, Old)?;
    site.step("2. event-grpc cutover --from-topic")?;
    let said = site.done(Old, &back)?;
    print!("           {said}");
    let check = [&back[..], &["--check"]].concat();
    let said = site.done(Old, &check)?;
    ensure!(said.contains(": 0 messages wait"), "{said}");
    site.open()?;
    site.step("   events go by RabbitMQ")?;
    by_the_queue(site)?;
    to_kafka(site)
}

/// The steps to Kafka.
fn to_kafka(site: &mut Site<'_>) -> Result<()> {
    site.step("1. to Kafka: the new build, one instance after the other")?;
    site.replace(0, New)?;
    site.step("   one instance of each build")?;
    site.refused(New, &["cutover"], "is still consumed")?;
    site.replace(1, New)?;
    site.step("2. event-grpc cutover")?;
    let said = site.done(New, &["cutover"])?;
    print!("           {said}");
    let left = site
        .ground
        .queues(&["name"])?
        .lines()
        .any(|name| name == QUEUE);
    ensure!(!left, "RabbitMQ still has {QUEUE}");
    site.open()
}

/// Fails unless the load goes by the queue, wherever that is, and all of it is accounted for.
fn by_the_queue(site: &mut Site<'_>) -> Result<()> {
    let lines = site.balances()?;
    let line = lines.iter().find(|line| line["queue"] == QUEUE);
    let settled = line.and_then(|line| line["acknowledged"].as_u64());
    ensure!(
        settled > Some(0),
        "nothing of {QUEUE} was settled: {lines:?}"
    );
    Ok(())
}
