//! Rules about dead letters: each has a path, and every path ends in one table.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[
    &UNKNOWN_QUEUE,
    &NO_DEAD_LETTER,
    &DEAD_LETTER_LOOP,
    &DEAD_LETTER_TABLE,
];

pub(crate) const UNKNOWN_QUEUE: Rule = Rule {
    code: "EG019",
    name: "unknown-queue",
    purpose: "A queue for dead letters is bound to the dead letters of existing queues.",
    text: "A dead letter's routing key is `error.QUEUE` unless its queue declares another, and refused requests of a \
           source have the key `error.SOURCE`. A queue into the dead-letter table whose binding matches none of these \
           would stay empty, while the dead letters go to the generated queue `event_grpc.errors`.",
    bad: "queues:\n  logs: { dead_letter: error.dx, ... }\n  errors: { bind: { error.dx: error.log }, into: error_event }",
    good: "queues:\n  logs: { dead_letter: error.dx, ... }\n  errors: { bind: { error.dx: error.logs }, into: error_event }",
};

pub(crate) const NO_DEAD_LETTER: Rule = Rule {
    code: "EG021",
    name: "no-dead-letter",
    purpose: "A queue has a path for the messages that can't be stored.",
    text: "Without one, a failing message could only be dropped or retried for ever. `dead_letter: EXCHANGE` is \
           enough: the routing key is then `error.QUEUE`, and if no declared queue is bound to that key, the generated \
           queue `event_grpc.errors` is. Only the queues into the dead-letter table have no such path, because it is \
           the last resort.",
    bad: "queues:\n  logs: { bind: { beat.dx: logs }, message: log.PostLog, into: post_log_event }",
    good: "queues:\n  logs: { bind: { beat.dx: logs }, message: log.PostLog, into: post_log_event,\n          dead_letter: beat.dx }",
};

pub(crate) const DEAD_LETTER_LOOP: Rule = Rule {
    code: "EG022",
    name: "dead-letter-loop",
    purpose: "A dead letter reaches queues into the dead-letter table only.",
    text: "A binding of a queue that feeds another table matches the routing key of a dead letter: the message would \
           fail there again and again. Give dead letters an exchange or a key that no such binding matches; `*` on a \
           topic exchange doesn't match `error.QUEUE`, which is two words, but `#` does.",
    bad: "queues:\n  all: { bind: { a.tx: \"#\" }, dead_letter: a.tx, into: event }",
    good: "queues:\n  all: { bind: { a.tx: \"*\" }, dead_letter: a.tx, into: event }",
};

pub(crate) const DEAD_LETTER_TABLE: Rule = Rule {
    code: "EG028",
    name: "dead-letter-table",
    purpose: "Exactly one table has `dead_letters: true`.",
    text: "The table keeps the original bytes of failed messages, the reason, and the event if it can be decoded. It \
           accepts every type, so it has no `events`; queues into it have neither `dead_letter` nor `message`.",
    bad: "tables:\n  error_event: { dead_letters: true, events: [LaunchEvent], ... }",
    good: "tables:\n  error_event: { dead_letters: true, ... }",
};
