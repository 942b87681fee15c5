//! Rules about what feeds what: queues, their tables and their batches.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[
    &UNKNOWN_INPUT,
    &MIXED_INPUT,
    &UNFED_TABLE,
    &UNREACHABLE_BATCH,
];

pub(crate) const UNKNOWN_INPUT: Rule = Rule {
    code: "EG025",
    name: "unknown-input",
    purpose: "The type of a queue's messages is known.",
    text: "A queue on an exchange that a source publishes to holds the messages of that source. Messages of other \
           services have to be declared: `message: package.Message` for JSON, or the request message of the gRPC \
           source for app events.",
    bad: "queues:\n  logs: { bind: { beat.dx: logs }, into: post_log_event, ... }",
    good: "queues:\n  logs: { bind: { beat.dx: logs }, message: log.PostLog, into: post_log_event, ... }",
};

pub(crate) const MIXED_INPUT: Rule = Rule {
    code: "EG026",
    name: "mixed-input",
    purpose: "A queue holds one kind of message, and so does a table.",
    text: "The columns of a table are expressions over one kind of message. Two queues may feed one table if they hold \
           the same kind. A table with `events` is fed by the queue that the generator derives for it, so no other \
           queue goes into it.",
    bad: "queues:\n  shop_q: { bind: { shop.dx: shop }, into: post_log_event, ... }\n  logs: { bind: { beat.dx: logs }, message: log.PostLog, into: post_log_event, ... }",
    good: "queues:\n  shop_q: { bind: { shop.dx: shop }, into: shop_event, ... }\n  logs: { bind: { beat.dx: logs }, message: log.PostLog, into: post_log_event, ... }",
};

pub(crate) const UNFED_TABLE: Rule = Rule {
    code: "EG027",
    name: "unfed-table",
    purpose: "Every table has an input.",
    text: "A table is fed by the queues whose `into` names it, by its own queue if it has `events`, or by dead \
           letters. Without that it would stay empty, and its columns can't be checked.",
    bad: "tables:\n  wish: { columns: { ... } }",
    good: "tables:\n  wish: { events: [WishlistAddedEvent], columns: { ... } }",
};

pub(crate) const UNREACHABLE_BATCH: Rule = Rule {
    code: "EG030",
    name: "unreachable-batch",
    purpose: "The prefetch is large enough to fill a batch.",
    text: "The broker delivers at most `prefetch` unacknowledged messages, and a message is acknowledged once its rows \
           are stored. If those messages can't hold `rows` rows, every batch waits for its delay. A JSON message holds \
           one row, a message of app events at most 4_096. Lower `rows`, or raise `prefetch` (at most 65_535).",
    bad: "queues:\n  logs: { prefetch: 100, batch: { rows: 10_000 }, ... }",
    good: "queues:\n  logs: { prefetch: 20_000, batch: { rows: 10_000 }, ... }",
};
