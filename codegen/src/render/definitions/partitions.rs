//! Partitions of a queue: the queues, what brings messages to them by their keys, and what has none to the queue itself.

use serde_json::{Value, json};

use super::{VHOST, binding, queue};
use crate::model::{Destination, Model, Queue};

/// The header that holds a message's slot and how many there are, as in `3/8`.
const HEADER: &str = "event-grpc-partition";

/// Adds what a queue with partitions is made of beside its own bindings.
pub(super) fn add(
    model: &Model,
    declared: &Queue,
    exchanges: &mut Vec<Value>,
    queues: &mut Vec<Value>,
    bindings: &mut Vec<Value>,
) {
    let (partitions, rest) = (declared.partitions_exchange(), declared.rest_exchange());
    let arguments = json!({ "alternate-exchange": rest });
    exchanges.push(exchange(&partitions, "headers", arguments));
    exchanges.push(exchange(&rest, "fanout", json!({})));
    let to = (declared.name.as_str(), "queue");
    bindings.push(binding((&rest, ""), to, json!({})));
    let names = declared.partition_names();
    for name in &names {
        let mut partition = queue(declared, name);
        if let Destination::Request(_) = declared.into {
            partition["arguments"]["x-single-active-consumer"] = json!(true);
        }
        queues.push(partition);
    }
    for slots in all_slots(model, declared) {
        for slot in 0..slots {
            let at = slot.checked_rem(names.len() as u64).unwrap_or_default();
            let Some(name) = names.get(at as usize) else {
                continue;
            };
            let header = json!({ "x-match": "all", HEADER: format!("{slot}/{slots}") });
            bindings.push(binding((&partitions, ""), (name, "queue"), header));
        }
    }
}

/// The numbers of slots that its exchanges have, each once.
fn all_slots(model: &Model, declared: &Queue) -> Vec<u64> {
    let exchanges = declared.bindings.iter().map(|b| b.exchange.as_str());
    let mut slots: Vec<u64> = exchanges.map(|exchange| model.slots(exchange)).collect();
    slots.sort_unstable();
    slots.dedup();
    slots
}

fn exchange(name: &str, kind: &str, arguments: Value) -> Value {
    json!({
        "name": name,
        "vhost": VHOST,
        "type": kind,
        "durable": true,
        "auto_delete": false,
        "internal": true,
        "arguments": arguments,
    })
}
