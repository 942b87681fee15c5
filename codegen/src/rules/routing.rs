//! Rules about routing: every message that is published reaches a queue.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[&UNROUTABLE, &BINDING_KEY, &UNMATCHED_BINDING];

pub(crate) const UNROUTABLE: Rule = Rule {
    code: "EG020",
    name: "unroutable-event",
    purpose: "Every message that a source publishes reaches a queue.",
    text: "An app event's routing key is its type's message name, a webhook's is its `routing_key`. If no binding on \
           the source's exchange matches it, all such messages would be unrouted. Bind a queue to it, or to a pattern \
           that matches it.",
    bad: "sources:\n  shop: { post: /shop/, message: webhook.Shop, exchange: shop.dx, routing_key: shop }\nqueues:\n  shop_q: { bind: { shop.dx: shops }, into: shop, ... }",
    good: "sources:\n  shop: { post: /shop/, message: webhook.Shop, exchange: shop.dx, routing_key: shop }\nqueues:\n  shop_q: { bind: { shop.dx: shop }, into: shop, ... }",
};

pub(crate) const BINDING_KEY: Rule = Rule {
    code: "EG023",
    name: "binding-key",
    purpose: "A binding key suits the type of its exchange.",
    text: "A direct exchange compares keys literally: `*` and `#` are not wildcards there. On a topic exchange `*` is \
           exactly one word and `#` any number of words, both only as whole words between dots. A fanout exchange \
           ignores keys, so its binding key is empty. A key has at most 255 bytes, and a binding is declared once.",
    bad: "exchanges: { beat.dx: direct }\nqueues:\n  logs: { bind: { beat.dx: \"*\" }, ... }",
    good: "exchanges: { beat.dx: topic }\nqueues:\n  logs: { bind: { beat.dx: \"*\" }, ... }",
};

pub(crate) const UNMATCHED_BINDING: Rule = Rule {
    code: "EG024",
    name: "unmatched-binding",
    purpose: "A queue's bindings match published messages.",
    text: "The sources that publish to the exchange never use a key that the binding matches. If another service \
           does, name the message that it sends: `message: package.Message`.",
    bad: "queues:\n  carts: { bind: { grpc_event.tx: AddToCart }, into: event, ... }",
    good: "queues:\n  carts: { bind: { grpc_event.tx: AddToCartEvent }, into: event, ... }",
};
