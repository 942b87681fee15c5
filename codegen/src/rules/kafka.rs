//! Rules about queues whose messages Kafka carries.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[
    &TOPIC_NAME,
    &KAFKA_DEAD_LETTERS,
    &QUEUE_TYPE_IN_KAFKA,
    &KAFKA_SOURCE,
    &RECORDS,
];

pub(crate) const TOPIC_NAME: Rule = Rule {
    code: "EG270",
    name: "topic-name",
    purpose: "The topic of a queue has a name of its own that Kafka takes.",
    text: "At most 240 letters, digits, `.`, `_` and `-`. Without a name it is that of the queue, which may have a colon \
           that Kafka refuses. What goes back to the queue is in a second topic, whose name ends in `.retry`: no topic \
           may have such a name, and no two queues the same topic. Kafka takes `.` and `_` for the same in names of \
           metrics, so two names must differ in more than that.",
    bad: "queues:\n  clicks: { kafka: \"hot:clicks\", ... }",
    good: "queues:\n  clicks: { kafka: hot.clicks, ... }",
};

pub(crate) const KAFKA_DEAD_LETTERS: Rule = Rule {
    code: "EG271",
    name: "kafka-dead-letters",
    purpose: "Dead letters stay in RabbitMQ.",
    text: "A queue of dead letters keeps what could not be stored for as long as it takes, and Kafka deletes messages \
           after their retention whether or not anybody has read them. Leave `kafka` out.",
    bad: "queues:\n  errors_q: { bind: { error.dx: error }, kafka: { partitions: 4 }, into: failed }",
    good: "queues:\n  errors_q: { bind: { error.dx: error }, into: failed }",
};

pub(crate) const QUEUE_TYPE_IN_KAFKA: Rule = Rule {
    code: "EG272",
    name: "queue-type-in-kafka",
    purpose: "Only a queue that is in RabbitMQ has a `type`.",
    text: "`type` says how RabbitMQ keeps a queue. A queue with `kafka` is there only if other services publish to its \
           exchanges: a bridge moves their messages from RabbitMQ to the topic.",
    bad: "queues:\n  clicks: { type: classic, kafka: clicks, ... }",
    good: "queues:\n  clicks: { kafka: clicks, ... }",
};

pub(crate) const KAFKA_SOURCE: Rule = Rule {
    code: "EG273",
    name: "kafka-source",
    purpose: "A topic of other services fills a queue of its own.",
    text: "`kafka: { source: TOPIC }` reads a topic that other services write. Nothing of ours is published to it, so its \
           queue has neither `bind` nor `topic`; it says by `message` what the records hold, by `format` how (`json`, or \
           `protobuf`), and by `group` under which name Kafka keeps how far it was read. What goes back is in a topic of \
           ours, GROUP.retry, for which `partitions`, `replicas` and `retention` are. The queue of a typed table is filled \
           by our sources, and by no topic.",
    bad: "queues:\n  orders_q: { bind: { order.dx: order }, kafka: { source: shop.orders }, message: shop.Order, ... }",
    good: "queues:\n  orders_q: { kafka: { source: shop.orders }, message: shop.Order, dead_letter: error.dx, into: order }",
};

pub(crate) const RECORDS: Rule = Rule {
    code: "EG274",
    name: "records",
    purpose: "A target that is a topic has what records have.",
    text: "A request whose target is a topic of Kafka writes a record for each message or app event: `{ topic: NAME, key: \
           EXPRESSION, format: FORMAT, headers: { NAME: VALUE } }`. The key is a text or a whole number; Kafka keeps the \
           order of the records of a key. With `format: protobuf` an app event is written as it is, and has no `body`. \
           Statuses are answers of HTTP: `retried` and `refused` are of targets that have a URL, as `key` and `format` are of topics.",
    bad: "requests:\n  orders_out:\n    to: { topic: shop.orders, key: body.total }\n    retried: [503]",
    good: "requests:\n  orders_out:\n    to: { topic: shop.orders, key: body.orderId }",
};
