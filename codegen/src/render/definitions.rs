//! `definitions.json`: the RabbitMQ topology, as `rabbitmqctl import_definitions` takes it.

mod partitions;

use serde_json::{Value, json};

use crate::model::{ExchangeKind, Model, Queue};

/// The virtual host; another one is chosen at import.
const VHOST: &str = "/";
/// The policy that sends what no binding matches to the unrouted exchange.
const POLICY: &str = "event-grpc-unrouted";
/// The policy that lifts the limit of deliveries and spreads leaders.
const DELIVERIES: &str = "event-grpc-deliveries";
/// No message is ever delivered so often. RabbitMQ 4 takes -1 for no limit, but releases before it don't.
const NO_LIMIT: u32 = 1_000_000_000;

/// The file's contents.
pub(super) fn render(model: &Model) -> Result<String, serde_json::Error> {
    let mut exchanges: Vec<Value> = model
        .exchanges
        .iter()
        .map(|exchange| {
            json!({
                "name": exchange.name,
                "vhost": VHOST,
                "type": match exchange.kind {
                    ExchangeKind::Direct => "direct",
                    ExchangeKind::Topic => "topic",
                    ExchangeKind::Fanout => "fanout",
                },
                "durable": true,
                "auto_delete": false,
                "internal": false,
                "arguments": {},
            })
        })
        .collect();
    let mut queues = Vec::new();
    let mut bindings = Vec::new();
    for declared in in_rabbitmq(model) {
        queues.push(queue(declared, &declared.name));
        let partitioned = declared.partitions.is_some();
        let (to, kind) = match partitioned {
            true => (declared.partitions_exchange(), "exchange"),
            false => (declared.name.clone(), "queue"),
        };
        for binding in &declared.bindings {
            let from = (binding.exchange.as_str(), binding.routing_key.as_str());
            bindings.push(self::binding(from, (&to, kind), json!({})));
        }
        if partitioned {
            partitions::add(model, declared, &mut exchanges, &mut queues, &mut bindings);
        }
    }
    document(&[
        ("bindings", bindings),
        ("exchanges", exchanges),
        ("policies", policies(model)),
        ("queues", queues),
        ("vhosts", vec![json!({ "name": VHOST })]),
    ])
}

/// The queues that are in RabbitMQ: those that Kafka carries are if a bridge leads to their topics.
fn in_rabbitmq(model: &Model) -> impl Iterator<Item = &Queue> {
    let carried = |queue: &Queue| queue.topic.as_ref().is_some_and(|topic| !topic.bridged);
    model.queues.iter().filter(move |queue| !carried(queue))
}

/// A queue of this name with what is declared.
fn queue(declared: &Queue, name: &str) -> Value {
    let arguments = match declared.quorum {
        true => json!({ "x-queue-type": "quorum" }),
        false => json!({}),
    };
    json!({
        "name": name,
        "vhost": VHOST,
        "durable": true,
        "auto_delete": false,
        "arguments": arguments,
    })
}

fn binding((from, key): (&str, &str), (to, kind): (&str, &str), arguments: Value) -> Value {
    json!({
        "source": from,
        "vhost": VHOST,
        "destination": to,
        "destination_type": kind,
        "routing_key": key,
        "arguments": arguments,
    })
}

/// An object of lists, with a line for each element, so that a difference shows what came and went.
fn document(lists: &[(&str, Vec<Value>)]) -> Result<String, serde_json::Error> {
    let mut members = Vec::new();
    for (name, elements) in lists {
        let lines: Result<Vec<String>, _> = elements.iter().map(serde_json::to_string).collect();
        let lines: Vec<String> = lines?.iter().map(|line| format!("\n    {line}")).collect();
        members.push(format!("  {name:?}: [{}\n  ]", lines.join(",")));
    }
    Ok(format!("{{\n{}\n}}\n", members.join(",\n")))
}

fn policies(model: &Model) -> Vec<Value> {
    unrouted(model)
        .into_iter()
        .chain(deliveries(model))
        .collect()
}

/// The alternate exchange of every exchange but the unrouted one. It is a policy because producers declare
/// their exchanges without arguments, and a declaration that differs closes their channel.
fn unrouted(model: &Model) -> Option<Value> {
    let exchanges = model.exchanges.iter();
    let exchanges = exchanges.filter(|exchange| exchange.name != model.unrouted);
    let pattern = one_of(exchanges.map(|exchange| exchange.name.as_str()))?;
    if model.unrouted.is_empty() {
        return None;
    }
    Some(json!({
        "vhost": VHOST,
        "name": POLICY,
        "pattern": pattern,
        "apply-to": "exchanges",
        "definition": { "alternate-exchange": model.unrouted },
        "priority": 0,
    }))
}

/// RabbitMQ 4 drops a message from a quorum queue when it has come back 20 times, which is not the message's fault: an
/// instance that ends gives back all that it holds. A policy, because the arguments of a queue that is there can't be
/// changed; of low priority, because a queue has one policy only, and an operator's own comes first. By the same policy the
/// leaders of queues that are declared on a cluster are spread over its nodes.
fn deliveries(model: &Model) -> Option<Value> {
    let mut names = Vec::new();
    for queue in in_rabbitmq(model).filter(|queue| queue.quorum) {
        names.push(queue.name.clone());
        names.extend(queue.partition_names());
    }
    let pattern = one_of(names.iter().map(String::as_str))?;
    Some(json!({
        "vhost": VHOST,
        "name": DELIVERIES,
        "pattern": pattern,
        "apply-to": "queues",
        "definition": { "delivery-limit": NO_LIMIT, "queue-leader-locator": "balanced" },
        "priority": -1,
    }))
}

/// A regular expression that matches these names and nothing else; none if there are none.
fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<String> = names.map(escape).collect();
    (!names.is_empty()).then(|| format!("^({})$", names.join("|")))
}

/// A name as a regular expression that matches nothing else.
fn escape(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if !(c.is_alphanumeric() || matches!(c, '_' | '-' | ' ')) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn a_name_matches_only_itself() {
        assert_eq!(escape("grpc_event.tx"), "grpc_event\\.tx");
        assert_eq!(escape("a(b)*"), "a\\(b\\)\\*");
    }
}
