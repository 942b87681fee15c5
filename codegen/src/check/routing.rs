//! Rules about routing: every message that is published reaches a queue.

use super::Rule;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{ExchangeKind, Intake, Route};
use crate::names::list;
use crate::resolve::{Resolved, Source};
use crate::spec::Located;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[&UNROUTABLE, &BINDING_KEY, &UNMATCHED_BINDING];

pub(crate) const UNROUTABLE: Rule = Rule {
    code: "EG020",
    name: "unroutable-event",
    purpose: "What a source publishes reaches a queue.",
    text: "An app event's routing key is its type's message name, a webhook's is its `routing_key`. If no binding on \
           the source's exchange matches it, every such message would end among the unrouted ones. Bind a queue to \
           it, or to a pattern that matches it.",
    bad: "sources:\n  shop: { post: /shop/, message: webhook.Shop, exchange: shop.dx, routing_key: shop }\nqueues:\n  shop_q: { bind: { shop.dx: shops }, into: shop, ... }",
    good: "sources:\n  shop: { post: /shop/, message: webhook.Shop, exchange: shop.dx, routing_key: shop }\nqueues:\n  shop_q: { bind: { shop.dx: shop }, into: shop, ... }",
};

pub(crate) const BINDING_KEY: Rule = Rule {
    code: "EG023",
    name: "binding-key",
    purpose: "A key fits the kind of its exchange.",
    text: "A direct exchange compares keys letter by letter: `*` and `#` are no wildcards there. On a topic exchange \
           `*` is exactly one word and `#` any number of words, both only as whole words between dots. A fanout \
           exchange ignores keys, so that its binding key is empty. A key has at most 255 bytes, and the same binding \
           is made once.",
    bad: "exchanges: { beat.dx: direct }\nqueues:\n  logs: { bind: { beat.dx: \"*\" }, ... }",
    good: "exchanges: { beat.dx: topic }\nqueues:\n  logs: { bind: { beat.dx: \"*\" }, ... }",
};

pub(crate) const UNMATCHED_BINDING: Rule = Rule {
    code: "EG024",
    name: "unmatched-binding",
    purpose: "A queue's bindings match something that is published.",
    text: "The sources that publish to the exchange never use a key that the binding matches. If another service \
           does, name the message that it sends: `message: package.Message`.",
    bad: "queues:\n  carts: { bind: { grpc_event.tx: AddToCart }, into: event, ... }",
    good: "queues:\n  carts: { bind: { grpc_event.tx: AddToCartEvent }, into: event, ... }",
};

/// Checks keys and routes.
pub(super) fn check(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    for source in &resolved.sources {
        unroutable(source, resolved, out);
    }
    for queue in &resolved.queues {
        for (i, binding) in queue.bindings.iter().enumerate() {
            binding_key(binding, resolved, out);
            let first = queue
                .bindings
                .iter()
                .take(i)
                .find(|b| b.value == binding.value);
            if let Some(first) = first {
                let route = &binding.value;
                let message = format!("`{}` is bound to `{}` twice", queue.name, route.routing_key);
                out.push(
                    Diagnostic::new(&BINDING_KEY, message)
                        .at(binding.span, "again here")
                        .and(Some(first.span), "first here"),
                );
            }
        }
        for route in queue.dead_letter.iter() {
            length(route, out);
        }
    }
}

fn unroutable(source: &Source<'_>, resolved: &Resolved<'_>, out: &mut Diagnostics) {
    let (Some(exchange), Some(intake)) = (&source.spec.exchange, &source.intake) else {
        return;
    };
    // A binding to an exchange that isn't declared may be the one that was meant to take these.
    let mut bound = resolved.queues.iter().flat_map(|q| &q.bindings);
    let unclear = bound.any(|b| resolved.kind(&b.value.exchange).is_none());
    if unclear || resolved.kind(&exchange.value).is_none() {
        return;
    }
    let Some(keys) = resolved.keys(source) else {
        // The keys come out of the messages: any queue at all may take them.
        let mut queues = resolved.queues.iter().flat_map(|q| &q.bindings);
        if !queues.any(|b| b.value.exchange == exchange.value) {
            let message = format!("no queue is bound to exchange `{}`", exchange.value);
            out.push(
                Diagnostic::new(&UNROUTABLE, message)
                    .at(exchange.span, "published here")
                    .help(format!(
                        "bind a queue: `bind: {{ {}: \"*\" }}`",
                        exchange.value
                    )),
            );
        }
        return;
    };
    let lost: Vec<&str> = keys
        .iter()
        .filter(|key| {
            let route = Route {
                exchange: exchange.value.clone(),
                routing_key: (*key).clone(),
            };
            resolved.reached(&route).is_empty()
        })
        .map(String::as_str)
        .collect();
    let Some(first) = lost.first() else {
        return;
    };
    let message = match lost[..] {
        [only] => format!("no queue takes what is published with the key `{only}`"),
        _ => format!(
            "no queue takes {} of the event types: {}",
            lost.len(),
            list(&lost)
        ),
    };
    let found = Diagnostic::new(&UNROUTABLE, message).help(format!(
        "bind a queue: `bind: {{ {}: {first} }}`",
        exchange.value
    ));
    let variant = resolved
        .envelope
        .iter()
        .flat_map(|e| &e.types)
        .find_map(|(n, m)| {
            let event = resolved.envelope.as_ref().map(|e| &e.event_message)?;
            (m.name() == *first).then(|| event.get_field(*n)).flatten()
        });
    out.push(match (intake, &source.spec.routing_key) {
        (Intake::Post { .. }, Some(key)) => found.at(key.span, "reaches no queue"),
        _ => {
            let place = variant.and_then(|field| resolved.proto.field_span(&field));
            found
                .at(exchange.span, "published here")
                .and(place, "this type is not taken")
        }
    });
}

fn binding_key(binding: &Located<Route>, resolved: &Resolved<'_>, out: &mut Diagnostics) {
    length(binding, out);
    let key = &binding.value.routing_key;
    let wild = |word: &str| word.contains(['*', '#']);
    let why = match resolved.kind(&binding.value.exchange) {
        Some(ExchangeKind::Direct) if key.split('.').any(|word| matches!(word, "*" | "#")) => {
            "a direct exchange compares keys letter by letter; wildcards need a topic exchange"
        }
        Some(ExchangeKind::Direct | ExchangeKind::Topic) if key.is_empty() => {
            "an empty key matches only an empty routing key"
        }
        Some(ExchangeKind::Topic) if key.split('.').any(|word| word.len() > 1 && wild(word)) => {
            "`*` and `#` are wildcards only as whole words between dots"
        }
        Some(ExchangeKind::Fanout) if !key.is_empty() => {
            "a fanout exchange ignores keys; write \"\""
        }
        _ => return,
    };
    let exchange = resolved.spec.exchange(&binding.value.exchange);
    let message = format!(
        "`{key}` is no key for exchange `{}`",
        binding.value.exchange
    );
    out.push(
        Diagnostic::new(&BINDING_KEY, message)
            .at(binding.span, "this key")
            .and(exchange.map(|e| e.name.span), "the exchange")
            .help(why),
    );
}

fn length(route: &Located<Route>, out: &mut Diagnostics) {
    if route.value.routing_key.len() > 255 {
        out.push(
            Diagnostic::new(&BINDING_KEY, "a key has at most 255 bytes").at(
                route.span,
                format!("{} bytes", route.value.routing_key.len()),
            ),
        );
    }
}
