//! Other services, for the demo: each publishes its messages as it would on RabbitMQ.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;

use crate::broker::{Broker, Outgoing, Properties};
use crate::contract::{Queue, headers};
use crate::generated::PIPELINE;

/// A line a service: the queue that its messages are for, and a message. In it `NOW` stands for the time in seconds, and
/// `{n}` for a number of its own.
const SERVICES: &str = include_str!("services.jsonl");

/// How many messages each of them publishes.
pub(super) const EACH: u64 = 5;

#[derive(Deserialize)]
struct Line {
    queue: String,
    message: Value,
}

/// Publishes everything, and gives the tables that got [`EACH`] rows. Whatever is published is stored then.
pub(super) async fn publish_all(
    broker: &dyn Broker,
    seed: u64,
) -> anyhow::Result<Vec<&'static str>> {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let text = SERVICES.replace("NOW", &since.as_secs().to_string());
    let mut tables = Vec::new();
    for line in text.lines() {
        let line: Line = serde_json::from_str(line).context("a sample is no JSON")?;
        let queue = PIPELINE
            .queues
            .iter()
            .find(|queue| queue.name == line.queue);
        let queue = queue.with_context(|| format!("pipeline.yaml has no queue {}", line.queue))?;
        for number in 0..EACH {
            let number = (seed * EACH + number).to_string();
            let body = line.message.to_string().replace("{n}", &number);
            broker
                .publish(message(queue, body, since.as_secs()))
                .await?;
        }
        tables.push(queue.into.name());
    }
    Ok(tables)
}

/// A message to the exchange that the queue is bound to.
fn message(queue: &'static Queue, body: String, now: u64) -> Outgoing {
    let properties = Properties {
        content_type: Some(headers::JSON.into()),
        timestamp: Some(now),
        ..Properties::default()
    };
    let message = match queue.bindings.first() {
        Some(route) => Outgoing::new(route.exchange, route.routing_key.replace('*', "demo"), body),
        None => Outgoing::to_queue(queue.name, body),
    };
    message.with(properties)
}
