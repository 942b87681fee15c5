//! Definitions of a RabbitMQ server, as `rabbitmqctl export_definitions` and the management plugin write them.
//!
//! AMQP has no question for bindings and for queues whose names one doesn't know; the definitions say them.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Kind, Plan};
use crate::contract::{Pipeline, Route, partitions_exchange, rest_exchange};

/// What is read of the definitions. Users and their hashes are left out.
#[derive(Debug, Default, Deserialize)]
pub struct Definitions {
    #[serde(default)]
    queues: Vec<Named>,
    #[serde(default)]
    bindings: Vec<Binding>,
    #[serde(default)]
    policies: Vec<Policy>,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
    /// The definitions of one virtual host don't name it.
    vhost: Option<String>,
}

/// Policy, by what its queues or exchanges are called.
#[derive(Debug, Deserialize)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Regular expression of the names that it is for.
    pub pattern: String,
    vhost: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Binding {
    source: String,
    vhost: Option<String>,
    destination: String,
    destination_type: String,
    routing_key: String,
}

impl Definitions {
    /// Reads definitions; only what is in this virtual host is kept.
    ///
    /// # Errors
    ///
    /// If they are no definitions.
    pub fn parse(text: &[u8], vhost: &str) -> serde_json::Result<Self> {
        let mut all: Definitions = serde_json::from_slice(text)?;
        let here = |named: &Option<String>| named.as_deref().is_none_or(|name| name == vhost);
        all.queues.retain(|queue| here(&queue.vhost));
        all.bindings.retain(|binding| here(&binding.vhost));
        all.policies.retain(|policy| here(&policy.vhost));
        Ok(all)
    }

    /// Policies.
    #[must_use]
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// Compares bindings, and queues that are bound to the exchanges of a pipeline.
    pub fn compare(&self, pipeline: &Pipeline, plan: &mut Plan) {
        // Partitions are bound by way of an exchange that is called after their queue.
        let split = pipeline.queues.iter().filter_map(|q| q.partition);
        let split: Vec<(String, &str)> = split
            .filter(|partition| partition.index.is_none())
            .map(|partition| (partitions_exchange(partition.of), partition.of))
            .collect();
        let between = |name: &str| {
            let of = split.iter().find(|(exchange, _)| exchange == name);
            of.map(|(_, queue)| *queue)
        };
        let rest: Vec<String> = split.iter().map(|(_, of)| rest_exchange(of)).collect();
        let declared: BTreeSet<_> = pipeline
            .queues
            .iter()
            .filter(|queue| !queue.is_partition())
            .flat_map(|queue| queue.bindings.iter().map(|route| key(queue.name, route)))
            .collect();
        let retired: BTreeSet<_> = pipeline
            .retired
            .bindings()
            .chain(pipeline.retired.letters())
            .map(|(queue, route)| key(queue, &route))
            .collect();
        let found: BTreeSet<_> = self
            .bindings
            .iter()
            .filter(|b| !b.source.is_empty() && between(&b.source).is_none())
            .filter(|b| !rest.contains(&b.source))
            .filter_map(|b| {
                let queue = match b.destination_type.as_str() {
                    "queue" => b.destination.as_str(),
                    _ => between(&b.destination)?,
                };
                Some((queue, b.source.as_str(), b.routing_key.as_str()))
            })
            .collect();
        let mut add = |kind, binding: &(&str, &str, &str), how: &str| {
            let (queue, exchange, routing_key) = binding;
            let what =
                format!("binding of queue {queue} to exchange {exchange} with key {routing_key:?}");
            plan.add("rabbitmq", kind, what, how);
        };
        for binding in declared.difference(&found) {
            add(
                Kind::Missing,
                binding,
                "an instance of this build makes it when it starts",
            );
        }
        for binding in found.intersection(&retired) {
            add(Kind::Retired, binding, "event-grpc apply removes it");
        }
        let ours = |binding: &&(&str, &str, &str)| {
            let (queue, exchange, _) = **binding;
            pipeline.exchanges.iter().any(|e| e.name == exchange)
                || pipeline.queues.iter().any(|q| q.name == queue)
        };
        for binding in found.iter().filter(ours) {
            if declared.contains(binding) || retired.contains(binding) {
                continue;
            }
            let known = pipeline.queues.iter().any(|queue| queue.name == binding.0)
                || pipeline
                    .retired
                    .queues
                    .iter()
                    .any(|queue| queue.name == binding.0)
                || pipeline.retired.renamed(binding.0).is_some();
            let how = match known {
                true => {
                    "pipeline.yaml doesn't declare it; declare it, list it in `retired`, or unbind it"
                }
                false => {
                    "pipeline.yaml declares no such queue; if nobody else consumes it, it only fills: list it in `retired`, or unbind it"
                }
            };
            add(Kind::Orphan, binding, how);
        }
        let stand_in = |queue: &&Named| queue.name.starts_with("event_grpc.cutover.");
        for queue in self.queues.iter().filter(stand_in) {
            let how = "a replacement was begun and not finished; run event-grpc cutover again";
            plan.add(
                "rabbitmq",
                Kind::Orphan,
                format!("queue {}", queue.name),
                how,
            );
        }
    }
}

fn key<'a>(queue: &'a str, route: &Route) -> (&'a str, &'a str, &'a str)
where
    'static: 'a,
{
    (queue, route.exchange, route.routing_key)
}
