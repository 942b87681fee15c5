//! Rules about partitions of queues.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[&PARTITION_KEY, &PARTITIONS];

pub(crate) const PARTITION_KEY: Rule = Rule {
    code: "EG230",
    name: "partition-key",
    purpose: "`partition_by` is a text or a whole number that the sender sent, the same for all queues of a message.",
    text: "Messages with the same key are in the same partition, in their order. A message has one key: queues with partitions \
           that the same source feeds have the same `partition_by`. The key of app events is a path into header or event, \
           without functions, since it is read from their bytes before anything else; that of JSON messages is an \
           expression over body, `$headers` or `$id`. By default it is the id, which spreads evenly and keeps no order.",
    bad: "queues:\n  orders_q: { bind: { order.dx: order }, partitions: 4, partition_by: $now, into: order, ... }",
    good: "queues:\n  orders_q: { bind: { order.dx: order }, partitions: 4, partition_by: body.userId, into: order, ... }",
};

pub(crate) const PARTITIONS: Rule = Rule {
    code: "EG231",
    name: "partitions",
    purpose: "A queue with partitions can have them, under names that are free.",
    text: "Partitions of queue Q are the queues Q.0, Q.1, …, behind the exchanges Q.partitions and Q.rest, so that nothing \
           else has these names. `partition_by` says how messages are spread, so that it needs `partitions`, or a topic of \
           ours in Kafka, whose partitions are meant then. Queues of dead letters have none: what is in them has no key \
           any more. The least common multiple of the numbers of \
           partitions of an exchange's queues is at most 256, because so many messages are under way side by side.",
    bad: "queues:\n  orders_q: { bind: { order.dx: order }, partition_by: body.userId, into: order, ... }",
    good: "queues:\n  orders_q: { bind: { order.dx: order }, partitions: 4, partition_by: body.userId, into: order, ... }",
};
