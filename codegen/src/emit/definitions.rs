//! `definitions.json`: the RabbitMQ topology, as `rabbitmqctl import_definitions` takes it.

use serde_json::{Value, json};

use crate::model::{ExchangeKind, Model};

/// The virtual host; another one is chosen at import.
const VHOST: &str = "/";
/// The policy that sends what no binding matches to the unrouted exchange.
const POLICY: &str = "event-grpc-unrouted";

/// The file's contents.
pub(super) fn render(model: &Model) -> Result<String, serde_json::Error> {
    let exchanges: Vec<Value> = model
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
    let queues: Vec<Value> = model
        .queues
        .iter()
        .map(|queue| {
            let arguments = match queue.quorum {
                true => json!({ "x-queue-type": "quorum" }),
                false => json!({}),
            };
            json!({
                "name": queue.name,
                "vhost": VHOST,
                "durable": true,
                "auto_delete": false,
                "arguments": arguments,
            })
        })
        .collect();
    let mut bindings = Vec::new();
    for queue in &model.queues {
        for binding in &queue.bindings {
            bindings.push(json!({
                "source": binding.exchange,
                "vhost": VHOST,
                "destination": queue.name,
                "destination_type": "queue",
                "routing_key": binding.routing_key,
                "arguments": {},
            }));
        }
    }
    let definitions = json!({
        "vhosts": [{ "name": VHOST }],
        "exchanges": exchanges,
        "queues": queues,
        "bindings": bindings,
        "policies": policies(model),
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&definitions)?))
}

/// The alternate exchange of every exchange but the unrouted one. It is a policy because producers declare
/// their exchanges without arguments, and a declaration that differs closes their channel.
fn policies(model: &Model) -> Vec<Value> {
    let names: Vec<String> = model
        .exchanges
        .iter()
        .filter(|exchange| exchange.name != model.unrouted)
        .map(|exchange| escape(&exchange.name))
        .collect();
    if names.is_empty() || model.unrouted.is_empty() {
        return Vec::new();
    }
    vec![json!({
        "vhost": VHOST,
        "name": POLICY,
        "pattern": format!("^({})$", names.join("|")),
        "apply-to": "exchanges",
        "definition": { "alternate-exchange": model.unrouted },
        "priority": 0,
    })]
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
