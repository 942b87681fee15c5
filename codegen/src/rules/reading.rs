//! Rules about reading: YAML, the keys and values of the declarations, and the proto files.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[
    &YAML_SYNTAX,
    &DUPLICATE_KEY,
    &UNKNOWN_KEY,
    &MISSING_KEY,
    &WRONG_TYPE,
    &OUT_OF_BOUNDS,
    &CONFLICTING_KEYS,
    &PROTO,
];

pub(crate) const YAML_SYNTAX: Rule = Rule {
    code: "EG001",
    name: "yaml-syntax",
    purpose: "pipeline.yaml is one well-formed YAML document.",
    text: "The parser stops at the first syntax error, so further errors of the file show once it is fixed. Aliases \
           (`*name`) are not supported: shared settings go into `defaults`.",
    bad: "exchanges: { beat.dx: direct",
    good: "exchanges: { beat.dx: direct }",
};

pub(crate) const DUPLICATE_KEY: Rule = Rule {
    code: "EG002",
    name: "duplicate-key",
    purpose: "A key occurs once in its mapping.",
    text: "YAML readers commonly keep the last of two equal keys and silently drop the first: a queue or a column \
           would vanish. Merge the two, or rename one.",
    bad: "queues:\n  clicks: { bind: { a.dx: x }, into: click }\n  clicks: { bind: { a.dx: y }, into: click }",
    good: "queues:\n  clicks: { bind: { a.dx: [x, y] }, into: click }",
};

pub(crate) const UNKNOWN_KEY: Rule = Rule {
    code: "EG003",
    name: "unknown-key",
    purpose: "Every key is part of the syntax.",
    text: "A misspelt key would otherwise leave its setting at the default. The manual lists the keys of each \
           section.",
    bad: "defaults: { worker: 4 }",
    good: "defaults: { workers: 4 }",
};

pub(crate) const MISSING_KEY: Rule = Rule {
    code: "EG004",
    name: "missing-key",
    purpose: "Required keys are present.",
    text: "A source needs an exchange and either `grpc` or `post`, a queue needs bindings and a destination, a table \
           needs columns, an engine and a sorting key, or in PostgreSQL a unique key and `on_conflict`. Everything \
           else has a default.",
    bad: "queues:\n  clicks: { bind: { a.dx: click }, dead_letter: a.dx }",
    good: "queues:\n  clicks: { bind: { a.dx: click }, dead_letter: a.dx, into: click }",
};

pub(crate) const WRONG_TYPE: Rule = Rule {
    code: "EG005",
    name: "wrong-type",
    purpose: "A value has the type that its key requires.",
    text: "Counts are whole numbers and may be grouped (`50_000`). Sizes are bytes, or end with KiB, MiB or GiB. \
           Times end with ms, s or m. Kinds are one of a few words.",
    bad: "defaults: { batch: { rows: many, bytes: 16MB, delay: 1 } }",
    good: "defaults: { batch: { rows: 50_000, bytes: 16MiB, delay: 1s } }",
};

pub(crate) const OUT_OF_BOUNDS: Rule = Rule {
    code: "EG006",
    name: "out-of-bounds",
    purpose: "A number lies within the bounds of its key.",
    text: "Everything is bounded: memory by the bytes of pools and batches, the age of unstored rows by the batch's \
           delay. The bounds keep a typing error from becoming an outage. A pool must also have room for its largest \
           request.",
    bad: "defaults: { batch: { delay: 30m } }",
    good: "defaults: { batch: { delay: 30s } }",
};

pub(crate) const CONFLICTING_KEYS: Rule = Rule {
    code: "EG007",
    name: "conflicting-keys",
    purpose: "Keys don't contradict each other.",
    text: "A source has `grpc` or `post`. `json` belongs to `grpc`; `message` and the routing key belong to `post`, \
           since the routing key of an app event is its type. A routing key is constant or computed. `queue` belongs \
           to a table with `events`.",
    bad: "sources:\n  shop: { post: /shop/, message: webhook.Shop, exchange: shop.dx, routing_key: shop,\n          routing_key_from: body.name }",
    good: "sources:\n  shop: { post: /shop/, message: webhook.Shop, exchange: shop.dx, routing_key_from: body.name }",
};

pub(crate) const PROTO: Rule = Rule {
    code: "EG008",
    name: "proto",
    purpose: "The files in proto/ compile.",
    text: "They are compiled as proto2 or proto3, without editions. A file that imports a broken one is reported for \
           that only. The declarations are checked against the messages once all files compile.",
    bad: "message Click { strin id = 1; }",
    good: "message Click { string id = 1; }",
};
