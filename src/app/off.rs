//! Destinations and sources that are disabled because they aren't configured; startup logs report them.

use std::collections::BTreeMap;

use super::{Config, stores};
use crate::contract::{Destination, Pipeline, Queue};
use crate::ingest::sources::Sources;
use crate::ops::readiness::OffQueues;
use crate::sink::Stores;
use crate::sink::requests::Requests;

/// Why a queue of a topic of other services is off.
const NO_KAFKA: &str =
    "without RabbitMQ and Kafka (--amqp-url, --kafka-brokers) no topic of other services is read";

/// Queues of tables whose database isn't configured, and of topics that nobody reads without RabbitMQ and Kafka, with the
/// reason; one log line for each reason.
pub(super) fn queues(pipeline: &'static Pipeline, stores: &Stores, remote: bool) -> OffQueues {
    let mut by_reason: BTreeMap<&'static str, Vec<&'static str>> = BTreeMap::new();
    for queue in pipeline.queues {
        let table = queue.into.table().filter(|t| stores.of(t).is_none());
        let reason = match table {
            Some(table) => stores::reason(table.storage),
            None if queue.foreign.is_some() && !remote => NO_KAFKA,
            None => continue,
        };
        by_reason.entry(reason).or_default().push(queue.name);
    }
    let mut off = OffQueues::new();
    for (reason, queues) in by_reason {
        let named = queues.join(", ");
        tracing::info!(
            queues = named,
            reason,
            "Queues are disabled because what they need is not configured."
        );
        off.extend(queues.into_iter().map(|queue| (queue, reason)));
    }
    off
}

/// Requests whose variables are all set; logs those that are disabled, and that requests are best effort without
/// RabbitMQ.
pub(super) fn requests(
    pipeline: &'static Pipeline,
    config: &Config,
    remote: bool,
) -> anyhow::Result<Requests> {
    let variable = |name: &str| config.environment.get(name);
    let requests = Requests::with_kafka(pipeline.requests, config.kafka.as_ref(), variable)?;
    for request in pipeline.requests {
        let into = |queue: &&Queue| matches!(queue.into, Destination::Request(r) if r.name == request.name);
        let queues: Vec<&str> = pipeline
            .queues
            .iter()
            .filter(into)
            .map(|queue| queue.name)
            .collect();
        let queues = queues.join(", ");
        match requests.missing(request) {
            Some(variables) => tracing::info!(
                request = request.name,
                queues,
                not_set = variables.join(", "),
                "A request is disabled: its queues are not consumed until these environment variables are set."
            ),
            None if !remote => tracing::info!(
                request = request.name,
                queues,
                "Without RabbitMQ a request is best effort: clients don't wait for it, and messages that are not sent are lost when the server stops."
            ),
            None => {}
        }
    }
    Ok(requests)
}

/// True if a queue's messages have no destination.
pub(super) fn is_off(queue: &Queue, requests: &Requests) -> bool {
    match queue.into {
        Destination::Request(request) => requests.missing(request).is_some(),
        Destination::Table(_) => false,
    }
}

/// Sources that accept no requests, with the reason; one log line for all.
pub(super) fn sources(sources: &Sources) -> Vec<(&'static str, String)> {
    let names: Vec<&str> = sources.off().iter().map(|off| off.source).collect();
    let variables: Vec<&str> = sources.off().iter().map(|off| off.variable).collect();
    if !names.is_empty() {
        tracing::info!(
            sources = names.join(", "),
            not_set = variables.join(", "),
            "Sources accept no requests, because the variables with their secrets are not set."
        );
    }
    let off = sources.off().iter();
    off.map(|off| (off.source, format!("{} is not set", off.variable)))
        .collect()
}
