//! Checks of routing: every message that is published reaches a queue.

use super::given::given;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::list;
use crate::model::{ExchangeKind, Intake, Route, RoutingKey};
use crate::resolve::routing::Bound;
use crate::resolve::{Resolved, Source};
use crate::rules::routing::{BINDING_KEY, UNROUTABLE};
use crate::syntax::spec::Located;

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
        } else {
            given_keys(source, &exchange.value, resolved, out);
        }
        return;
    };
    let bindings = resolved.queues.iter().flat_map(|q| &q.bindings);
    let here = bindings.filter(|b| b.value.exchange == exchange.value);
    let here = here.map(|b| b.value.routing_key.as_str());
    let bound = Bound::new(resolved.kind(&exchange.value), here);
    let lost: Vec<&str> = keys
        .iter()
        .filter(|key| !bound.takes(key))
        .map(String::as_str)
        .collect();
    let Some(first) = lost.first() else {
        return;
    };
    let message = match lost[..] {
        [only] => format!("no queue is bound for messages with the key `{only}`"),
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

/// A key that the expression gives of itself, whatever a message holds, has to be taken by a queue.
fn given_keys(source: &Source<'_>, exchange: &str, resolved: &Resolved<'_>, out: &mut Diagnostics) {
    let (Some(text), Some(Intake::Post { routing_key, .. })) =
        (&source.spec.routing_key_from, &source.intake)
    else {
        return;
    };
    let RoutingKey::Computed(value) = routing_key else {
        return;
    };
    for key in given(value).texts {
        // Intake makes one word of a key.
        let routing_key = key.text.replace('.', "_");
        let route = Route {
            exchange: exchange.to_owned(),
            routing_key,
        };
        if !key.text.is_empty() && resolved.reached(&route).is_empty() {
            let routed = &route.routing_key;
            let message = format!("no queue is bound for messages with the key `{routed}`");
            out.push(
                Diagnostic::new(&UNROUTABLE, message)
                    .at(text.part(key.range(text)), "reaches no queue")
                    .help(format!("bind a queue: `bind: {{ {exchange}: {routed} }}`")),
            );
        }
    }
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
        "`{key}` is not a valid key for exchange `{}`",
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
