//! Rules about engines and keys: duplicates vanish only if the key of a row is what its sender sent.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[
    &ENGINE,
    &UNKNOWN_COLUMN,
    &KEY_TYPE,
    &KEY_MADE_HERE,
    &KEY_WITHOUT_ID,
    &REPLACED_BY_CLOCK,
    &INDEX_COLUMN,
];

pub(crate) const ENGINE: Rule = Rule {
    code: "EG060",
    name: "engine",
    purpose: "A table's engine deduplicates rows.",
    text: "Delivery is at least once, so that a row can arrive twice. `ReplacingMergeTree(COLUMN)` keeps the row with \
           the greatest COLUMN of each sorting key; the column is a number or an instant that can't be NULL. Replicated \
           forms are accepted.",
    bad: "engine: MergeTree",
    good: "engine: ReplacingMergeTree(insert_timestamp)",
};

pub(crate) const UNKNOWN_COLUMN: Rule = Rule {
    code: "EG061",
    name: "unknown-column",
    purpose: "Keys, limits and the engine name columns of their table.",
    text: "`order_by`, `partition_by`, `limits` and the engine's version may name any column of the table, also one \
           that a wildcard made.",
    bad: "order_by: [event_name, event_ids]\ncolumns: { event_name: $type, event_id: event.id }",
    good: "order_by: [event_name, event_id]\ncolumns: { event_name: $type, event_id: event.id }",
};

pub(crate) const KEY_TYPE: Rule = Rule {
    code: "EG062",
    name: "key-type",
    purpose: "A key's columns always have a value that can be ordered.",
    text: "ClickHouse refuses NULL, JSON and maps in keys. `| default(\"\")` gives an optional text a value.",
    bad: "order_by: [handle, event_id]\ncolumns: { handle: body.handle, ... }          # optional string handle",
    good: "order_by: [handle, event_id]\ncolumns: { handle: body.handle | default(\"\"), ... }",
};

pub(crate) const KEY_MADE_HERE: Rule = Rule {
    code: "EG063",
    name: "key-made-here",
    purpose: "A sorting key holds only values from the sender.",
    text: "A message that is delivered twice is converted twice, and `$now` differs each time; so may the result of \
           `not_after($now)`. With such a value in the key both rows stay. Sort by the raw timestamp, and keep the \
           corrected one as a column beside it.",
    bad: "order_by: [event_name, event_timestamp, event_id]\ncolumns: { event_timestamp: event.timestamp | epoch_millis | not_after($now), ... }",
    good: "order_by: [event_name, sent_timestamp, event_id]\ncolumns: { sent_timestamp: event.timestamp | epoch_millis, ... }",
};

pub(crate) const KEY_WITHOUT_ID: Rule = Rule {
    code: "EG064",
    name: "key-without-id",
    purpose: "A sorting key ends with the row's id.",
    text: "Without an id in the key, two different events of the same moment would be one row. The id is `event.id` \
           for app events, `$id` or a text field of the body for JSON messages, `error.id` for dead letters; without \
           functions. If rows are versions of one thing, the key may be the thing's identity: declare `replaces: \
           true`.",
    bad: "order_by: [event_name, sent_timestamp]",
    good: "order_by: [event_name, sent_timestamp, event_id]",
};

pub(crate) const REPLACED_BY_CLOCK: Rule = Rule {
    code: "EG065",
    name: "replaced-by-clock",
    purpose: "The latest version of a thing is decided by a value from the sender.",
    text: "With `replaces: true` the sorting key identifies a thing, and a row replaces earlier ones of the same \
           thing. Messages can arrive out of order and twice, so the server's clock doesn't tell which is the latest: \
           the engine names a column that the sender sent.",
    bad: "replaces: true\nengine: ReplacingMergeTree(insert_timestamp)\norder_by: [order_id]",
    good: "replaces: true\nengine: ReplacingMergeTree(last_modified_on)\norder_by: [order_id]",
};

pub(crate) const INDEX_COLUMN: Rule = Rule {
    code: "EG081",
    name: "index-column",
    purpose: "`indexes` of a ClickHouse table names columns that rows are looked for by.",
    text: "Each gets a bloom filter, which tells ClickHouse the granules that may have a value, so that `event-grpc find` and \
           queries for one id or one user read few of them. It is for texts and whole numbers; the first column of the \
           sorting key needs none. `defaults` may name columns for all tables that have them.",
    bad: "order_by: [user_id, event_id]\nindexes: [user_id, params]",
    good: "order_by: [user_id, event_id]\nindexes: [event_id, session_id]",
};
