//! Rules about queues whose messages Kafka carries.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[&TOPIC_NAME, &KAFKA_DEAD_LETTERS, &QUEUE_TYPE_IN_KAFKA];

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
