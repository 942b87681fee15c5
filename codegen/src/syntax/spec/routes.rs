//! Bindings of queues, and routes of dead letters, as written.

use super::scalars::{Fields, map, texts};
use super::{Binding, DeadLetter};
use crate::base::diagnostic::Diagnostics;
use crate::syntax::yaml::{Entry, Value};

pub(super) fn bind(entry: &Entry, out: &mut Diagnostics) -> Vec<Binding> {
    let mut bindings = Vec::new();
    for exchange in map("`bind`", &entry.node, out).unwrap_or_default() {
        for key in texts("a binding key", &exchange.node, out) {
            bindings.push(Binding {
                exchange: exchange.key.clone(),
                key,
            });
        }
    }
    bindings
}

pub(super) fn dead_letter(entry: &Entry, out: &mut Diagnostics) -> Option<DeadLetter> {
    if let Value::Scalar(exchange) = &entry.node.value {
        return Some(DeadLetter {
            exchange: exchange.clone(),
            routing_key: None,
        });
    }
    let known = ["exchange", "routing_key"];
    let fields = Fields::open("`dead_letter`", entry.key.span, &entry.node, &known, out)?;
    fields.require("exchange", out)?;
    Some(DeadLetter {
        exchange: fields.text("exchange", out)?,
        routing_key: fields.text("routing_key", out),
    })
}
