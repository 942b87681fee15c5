//! What is off because it isn't configured, and what is said of that at start.

use std::collections::BTreeMap;

use super::environment::Environment;
use crate::contract::{Destination, Pipeline, Queue, Storage};
use crate::ingest::sources::Sources;
use crate::ops::readiness::OffQueues;
use crate::sink::Stores;
use crate::sink::http::Requests;

/// The queues whose table's database is not configured, and why; one line is logged for each reason.
pub(super) fn queues(pipeline: &'static Pipeline, stores: &Stores) -> OffQueues {
    let mut by_reason: BTreeMap<&'static str, Vec<&'static str>> = BTreeMap::new();
    for queue in pipeline.queues {
        let Some(table) = queue.into.table().filter(|t| stores.of(t).is_none()) else {
            continue;
        };
        let reason = match table.storage {
            Storage::ClickHouse(_) => "its table has no ClickHouse",
            Storage::Postgres(_) => "no --postgres-url (EVENT_GRPC_POSTGRES_URL) is given",
        };
        by_reason.entry(reason).or_default().push(queue.name);
    }
    let mut off = OffQueues::new();
    for (reason, queues) in by_reason {
        let named = queues.join(", ");
        tracing::info!(queues = named, reason, "These queues are off.");
        off.extend(queues.into_iter().map(|queue| (queue, reason)));
    }
    off
}

/// The requests whose variables are set; says which are off, and what the others are worth.
pub(super) fn requests(
    pipeline: &'static Pipeline,
    environment: &Environment,
    remote: bool,
) -> anyhow::Result<Requests> {
    let requests = Requests::new(pipeline.requests, |name| environment.get(name))?;
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
                "A request is off: its queues are not consumed until these variables are set."
            ),
            None if !remote => tracing::info!(
                request = request.name,
                queues,
                "Without RabbitMQ a request is best effort: nobody waits for it, and what is not sent ends with the server."
            ),
            None => {}
        }
    }
    Ok(requests)
}

/// Whether a queue's messages can't be sent anywhere.
pub(super) fn is_off(queue: &Queue, requests: &Requests) -> bool {
    match queue.into {
        Destination::Request(request) => requests.missing(request).is_some(),
        Destination::Table(_) => false,
    }
}

/// The sources that take no requests, and why; said once at start.
pub(super) fn sources(sources: &Sources) -> Vec<(&'static str, String)> {
    let say = |off: &crate::ingest::sources::Off| {
        let reason = format!("{} is not set", off.variable);
        tracing::warn!(source = off.source, reason, "A source takes no requests.");
        (off.source, reason)
    };
    sources.off().iter().map(say).collect()
}
