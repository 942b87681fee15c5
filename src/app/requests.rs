//! Which HTTP APIs are on, and what is said of that at start.

use crate::contract::{Destination, Pipeline, Queue};
use crate::sink::http::Requests;

/// The requests whose variables are set; says which are off, and what the others are worth.
pub(super) fn find(pipeline: &'static Pipeline, remote: bool) -> anyhow::Result<Requests> {
    let requests = Requests::new(pipeline.requests, |name| std::env::var(name).ok())?;
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
            Some(variables) => tracing::warn!(
                request = request.name,
                queues,
                not_set = variables.join(", "),
                "A request is off: its queues are not consumed until these variables are set."
            ),
            None if !remote => tracing::warn!(
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
