//! Rules about requests: where messages are forwarded, as what, and what answers mean.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[
    &DESTINATION_NAME,
    &TARGET,
    &VARIABLE,
    &URL,
    &REQUEST_HEADER,
    &STATUS,
    &REQUEST_INPUT,
    &UNUSED_REQUEST,
    &REQUEST_BODY,
    &CHOICE,
];

pub(crate) const DESTINATION_NAME: Rule = Rule {
    code: "EG170",
    name: "destination-name",
    purpose: "A request doesn't have the name of a table.",
    text: "A queue's `into` names a table or a request, so names are unique among both. The name of a request is a \
           plain identifier, like that of a table.",
    bad: "tables: { shop_event: { ... } }\nrequests: { shop_event: { ... } }",
    good: "tables: { shop_event: { ... } }\nrequests: { shop_events_api: { ... } }",
};

pub(crate) const TARGET: Rule = Rule {
    code: "EG171",
    name: "target",
    purpose: "A target has one method and one URL, or is a topic.",
    text: "A target is `{ post: URL }`, or `put` or `patch`, or `{ topic: NAME }` of Kafka, and optionally `headers`. A request has one target (`to: \
           TARGET`), or several that `by` chooses among (`to: { VALUE: TARGET }`).",
    bad: "requests:\n  shop: { to: { headers: { X-Key: $SHOP_KEY } } }",
    good: "requests:\n  shop: { to: { post: $SHOP_URL, headers: { X-Key: $SHOP_KEY } } }",
};

pub(crate) const VARIABLE: Rule = Rule {
    code: "EG172",
    name: "variable",
    purpose: "A dollar sign in a URL or a header begins the name of a variable.",
    text: "`$NAME` or `${NAME}` is replaced by the variable NAME of the server's environment: capital letters, digits \
           and underscores. `$$` is a dollar sign.",
    bad: "headers: { Authorization: Bearer $shop-key }",
    good: "headers: { Authorization: Bearer $SHOP_KEY }",
};

pub(crate) const URL: Rule = Rule {
    code: "EG173",
    name: "url",
    purpose: "A URL begins with a variable, or with https:// or http:// and a host.",
    text: "The value of a variable is checked when the server starts.",
    bad: "to: { post: api.shop.example/events }",
    good: "to: { post: https://api.shop.example/events }",
};

pub(crate) const REQUEST_HEADER: Rule = Rule {
    code: "EG174",
    name: "request-header",
    purpose: "A header of a request has a valid name, occurs once, and isn't set by the server.",
    text: "Letters, digits and a few signs; the case doesn't matter. `Host`, `Content-Length` and those about the \
           connection follow from the request. The value of a secret header comes from a variable.",
    bad: "headers: { \"Api Key\": $SHOP_KEY }",
    good: "headers: { Api-Key: $SHOP_KEY }",
};

pub(crate) const STATUS: Rule = Rule {
    code: "EG175",
    name: "status",
    purpose: "A status is a number from 300 to 599, or a class of them, and is in one list only.",
    text: "2xx means that the message was accepted. After a status of `retried` the same request is retried; a status \
           of `refused` is the message's fault, which becomes a dead letter. After any other the target counts as \
           wrong or unavailable. If one list has a class (`5xx`) and the other a number of it, the number takes \
           precedence.",
    bad: "retried: [429, 50x]\nrefused: [400, 429]",
    good: "retried: [429, 5xx]\nrefused: [400, 501]",
};

pub(crate) const REQUEST_INPUT: Rule = Rule {
    code: "EG176",
    name: "request-input",
    purpose: "A request sends what its messages can be written as.",
    text: "JSON messages are sent as JSON, whole or as `body` makes them. App events are sent one by one, under their \
           header: as JSON, or into a topic as the protobuf message that a sender would send (`format: protobuf`).",
    bad: "queues:\n  orders: { bind: { order.dx: order }, into: orders_out, ... }\nrequests:\n  orders_out: { to: { topic: shop.orders, format: protobuf } }",
    good: "queues:\n  carts: { bind: { app.tx: AddToCart }, into: carts_out, ... }\nrequests:\n  carts_out: { to: { topic: shop.carts, format: protobuf } }",
};

pub(crate) const UNUSED_REQUEST: Rule = Rule {
    code: "EG177",
    name: "unused-request",
    purpose: "Every request is used by a queue.",
    text: "Messages are forwarded by the queues whose `into` names the request. Without one, the type of its messages \
           is unknown, and it can't be checked.",
    bad: "requests: { shop_api: { to: { post: $SHOP_URL } } }",
    good: "requests: { shop_api: { to: { post: $SHOP_URL } } }\nqueues:\n  shop: { bind: { shop.dx: shop }, into: shop_api, ... }",
};

pub(crate) const REQUEST_BODY: Rule = Rule {
    code: "EG178",
    name: "request-body",
    purpose: "A body is a JSON object: a whole one, members, or both.",
    text: "`body: EXPRESSION` gives an object; in `body: { \"*\": EXPRESSION, MEMBER: EXPRESSION }` members are put \
           into it, or replace its own. A member is text, a number, a boolean or an object; one without a value is \
           left out. An instant becomes text with `rfc3339`.",
    bad: "body: { at: body.eventTime | epoch_millis }",
    good: "body: { at: body.eventTime | epoch_millis | rfc3339 }",
};

pub(crate) const CHOICE: Rule = Rule {
    code: "EG179",
    name: "choice",
    purpose: "The expression that chooses among targets gives text.",
    text: "`by` is an expression over the message, or over header and event. A message with a value without a target \
           becomes a dead letter, and so would one without a value: a field that may be absent gets a `default`, and a \
           field of the payload is in each event type that comes to the request.",
    bad: "by: body.appType",
    good: "by: body.appType | default(\"USER\")",
};
