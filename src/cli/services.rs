//! Simulated other services, for the demo: each publishes its messages as it would on RabbitMQ.

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;

use crate::broker::{Broker, Outgoing, Properties};
use crate::contract::{Queue, headers};
use crate::generated::PIPELINE;
use crate::time::now;

/// A line for each service: a queue, and a message for it. `NOW` stands for the time in seconds, and `{n}` for a unique
/// number.
const SERVICES: &str = include_str!("services.jsonl");

/// Number of messages of each service.
pub(super) const EACH: u64 = 5;

#[derive(Deserialize)]
struct Line {
    queue: String,
    message: Value,
}

/// Publishes everything, and returns the tables that got [`EACH`] rows. All of it is stored then.
pub(super) async fn publish_all(
    broker: &dyn Broker,
    seed: u64,
) -> anyhow::Result<Vec<&'static str>> {
    let text = SERVICES.replace("NOW", &now().as_secs().to_string());
    let mut tables = Vec::new();
    for line in text.lines() {
        let line: Line =
            serde_json::from_str(line).context("a sample of services.jsonl is not JSON")?;
        let queue = PIPELINE
            .queues
            .iter()
            .find(|queue| queue.name == line.queue);
        let queue = queue.with_context(|| format!("pipeline.yaml has no queue {}", line.queue))?;
        for number in 0..EACH {
            let number = (seed * EACH + number).to_string();
            let body = line.message.to_string().replace("{n}", &number);
            broker
                .publish(message(queue, body, now().as_secs()))
                .await?;
        }
        tables.push(queue.into.name());
    }
    Ok(tables)
}

/// Message to the exchange that the queue is bound to.
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
