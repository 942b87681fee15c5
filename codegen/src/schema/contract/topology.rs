//! What is declared in RabbitMQ, and where messages go.

use super::expression::key;
use super::facts::Facts;
use super::kind::{Harm, Kind, NONE, OF_QUEUE, PLAIN, at, yaml};
use crate::base::refusal::Place;
use crate::model::{Destination, ExchangeKind, Foreign, Input, Model, Partitions, Queue};
use crate::rules::contracts::{JSON_CONTRACT, TOPOLOGY};

/// What becomes of a queue with another type.
pub(crate) const OTHER_FORM: &str = "it is used as it is, which the log and `/readyz` of new instances tell, until `event-grpc cutover` replaces it; with \
                                     `--strict` they don't start";

/// Whom an exchange hurts that is gone.
pub(crate) const PUBLISHED: &str =
    "services that publish to it lose what they publish, or are disconnected";

/// An exchange and its type.
pub(super) const EXCHANGE: Kind = Kind {
    word: "exchange",
    names: 1,
    rule: &TOPOLOGY,
    title: |s| format!("exchange `{}`", at(s, 0)),
    place: |s| yaml(&["exchanges", at(s, 0)]),
    changed: Some(Harm {
        instances: "it is used as it is, which the log and `/readyz` of new instances tell; with `--strict` they don't start",
        messages: "what is published is routed by the former type until somebody replaces the exchange",
        instead: "declare an exchange with another name, and move publishers and bindings",
        ..NONE
    }),
    gone: Some(Harm {
        senders: PUBLISHED,
        instead: "keep it until nobody publishes to it",
        ..NONE
    }),
    retired_as: "exchange",
    ..PLAIN
};

/// A queue and its type.
pub(super) const QUEUE: Kind = Kind {
    word: "queue",
    names: 1,
    rule: &TOPOLOGY,
    title: |s| format!("queue `{}`", at(s, 0)),
    place: |s| yaml(&["queues", at(s, 0)]),
    changed: Some(Harm {
        instances: OTHER_FORM,
        instead: "declare a queue with another name beside it, and move the bindings",
        ..NONE
    }),
    gone: Some(Harm {
        messages: "it stays bound in RabbitMQ and fills, and nobody consumes it",
        instead: "keep it, or retire it: it is unbound then, and deleted when it is empty",
        ..NONE
    }),
    retired_as: "queue",
    ..PLAIN
};

/// A binding of a queue.
pub(super) const BIND: Kind = Kind {
    word: "bind",
    names: 3,
    rule: &TOPOLOGY,
    title: |s| {
        format!(
            "the binding of queue `{}` to exchange `{}` by `{}`",
            at(s, 0),
            at(s, 1),
            at(s, 2)
        )
    },
    place: binding_place,
    part_of: |s| {
        vec![
            format!("queue {}", at(s, 0)),
            format!("exchange {}", at(s, 1)),
        ]
    },
    gone: Some(Harm {
        messages: "it stays in RabbitMQ: the queue still gets these messages, and makes dead letters of them",
        instead: "keep it, or retire it: it is removed then",
        ..NONE
    }),
    retired_as: "binding",
    ..PLAIN
};

/// Where the dead letters of a queue go.
pub(super) const LETTERS: Kind = Kind {
    word: "letters",
    names: 1,
    rule: &TOPOLOGY,
    title: |s| format!("the route of the dead letters of queue `{}`", at(s, 0)),
    place: |s| yaml(&["queues", at(s, 0), "dead_letter"]),
    part_of: |s| vec![format!("queue {}", at(s, 0))],
    changed: Some(Harm {
        messages: "queues of others that are bound to the former route get no dead letters any more",
        instead: "keep the route, or bind whoever reads them to both first",
        ..NONE
    }),
    ..PLAIN
};

/// Where what a source refuses goes.
pub(super) const REJECTS: Kind = Kind {
    word: "rejects",
    names: 1,
    rule: &TOPOLOGY,
    title: |s| format!("the route of what source `{}` refuses", at(s, 0)),
    place: |s| yaml(&["sources", at(s, 0), "rejects"]),
    part_of: |s| vec![format!("source {}", at(s, 0))],
    changed: Some(Harm {
        messages: "queues of others that are bound to the former route get nothing any more",
        instead: "keep the route, or bind whoever reads it to both first",
        ..NONE
    }),
    gone: Some(Harm {
        senders: "what is refused is kept nowhere, so that it can't be mended and replayed",
        instead: "keep `rejects`",
        ..NONE
    }),
    ..PLAIN
};

/// What becomes of messages that wait in RabbitMQ for a queue that is in Kafka now.
pub(crate) const TO_KAFKA: &str = "those that wait in RabbitMQ are read by former instances only, until `event-grpc cutover` moves \
                                   them to the topic";

/// What becomes of messages that wait in the topic of a queue that is in RabbitMQ again.
pub(crate) const FROM_KAFKA: &str = "those that wait in the topic are read by former instances only, until `event-grpc cutover \
                                     --from-topic` moves them to the queue";

/// The Kafka topic that carries the messages of a queue.
pub(super) const KAFKA: Kind = Kind {
    word: "kafka",
    names: 1,
    rule: &TOPOLOGY,
    title: |s| format!("the Kafka topic of queue `{}`", at(s, 0)),
    place: |s| yaml(&["queues", at(s, 0), "kafka"]),
    added: Some(Harm {
        instances: "they publish to RabbitMQ and consume there as before, for as long as they run",
        messages: TO_KAFKA,
        instead: "accept it, and run `event-grpc cutover` when no former instance is left (docs/kafka.md)",
        ..NONE
    }),
    changed: Some(Harm {
        messages: "those that wait in the former topic are read by nobody",
        instead: "move the queue back to RabbitMQ first, and to the other topic when the former one is empty",
        ..NONE
    }),
    gone: Some(Harm {
        messages: FROM_KAFKA,
        instead: "accept it, and run `event-grpc cutover --from-topic` when no former instance is left (docs/kafka.md)",
        ..NONE
    }),
    ..OF_QUEUE
};

/// Number of partitions of a queue's topic.
pub(super) const TOPIC_PARTITIONS: Kind = Kind {
    word: "topic-partitions",
    names: 1,
    rule: &TOPOLOGY,
    title: |s| format!("the partitions of the Kafka topic of queue `{}`", at(s, 0)),
    place: |s| yaml(&["queues", at(s, 0), "kafka", "partitions"]),
    part_of: |s| vec![format!("kafka {}", at(s, 0))],
    changed: Some(Harm {
        messages: "a key's messages before and after the change are in different partitions: their order isn't kept across it",
        instead: "stop senders until the topic is empty, if the order within a key matters; Kafka only ever adds partitions",
        ..NONE
    }),
    ..OF_QUEUE
};

/// The key of the partitions of a queue's topic.
pub(super) const TOPIC_KEY: Kind = Kind {
    word: "topic-key",
    names: 1,
    rule: &TOPOLOGY,
    title: |s| {
        format!(
            "the partition key of the Kafka topic of queue `{}`",
            at(s, 0)
        )
    },
    place: |s| yaml(&["queues", at(s, 0), "partition_by"]),
    part_of: |s| vec![format!("kafka {}", at(s, 0))],
    changed: Some(Harm {
        messages: "a key's messages before and after the change are in different partitions: their order isn't kept across it",
        instead: "stop senders until the topic is empty, if the order within a key matters",
        ..NONE
    }),
    gone: Some(Harm {
        messages: "they take turns in the partitions: the order within a key isn't kept any more",
        instead: "leave it",
        ..NONE
    }),
    ..OF_QUEUE
};

/// The topic of other services that a queue reads, and its format.
pub(super) const KAFKA_SOURCE: Kind = Kind {
    word: "kafka-source",
    names: 1,
    rule: &TOPOLOGY,
    title: |s| {
        format!(
            "the topic of other services that queue `{}` reads",
            at(s, 0)
        )
    },
    place: |s| yaml(&["queues", at(s, 0), "kafka", "source"]),
    added: Some(Harm {
        messages: "what is published to the former exchanges doesn't get to the queue any more",
        instead: "declare another queue for the topic, into the same table",
        ..NONE
    }),
    changed: Some(Harm {
        messages: "what isn't read in the former topic, or is written in the former format, is read by nobody",
        instead: "declare another queue for the other topic, into the same table, and take this one out when it is read",
        ..NONE
    }),
    gone: Some(Harm {
        messages: "what other services write is read by nobody, and deleted when its retention is over",
        instead: "keep it",
        ..NONE
    }),
    ..OF_QUEUE
};

/// The consumer group that reads a topic of other services.
pub(super) const KAFKA_GROUP: Kind = Kind {
    word: "kafka-group",
    names: 1,
    rule: &TOPOLOGY,
    title: |s| format!("the consumer group of queue `{}`", at(s, 0)),
    place: |s| yaml(&["queues", at(s, 0), "kafka", "group"]),
    part_of: |s| vec![format!("kafka-source {}", at(s, 0))],
    changed: Some(Harm {
        messages: "the topic is read again from its beginning, under the same keys; what had gone back in the former group is read by nobody",
        instead: "leave it",
        ..NONE
    }),
    ..OF_QUEUE
};

/// What the messages of a queue hold.
pub(super) const CARRIES: Kind = Kind {
    word: "carries",
    names: 1,
    rule: &JSON_CONTRACT,
    title: |s| format!("the message of queue `{}`", at(s, 0)),
    changed: Some(Harm {
        messages: "those that wait and those of services that send as before are read as another message",
        instead: "declare another queue for the new message",
        ..NONE
    }),
    ..OF_QUEUE
};

/// Where the messages of a queue go.
pub(super) const INTO: Kind = Kind {
    word: "into",
    names: 1,
    rule: &TOPOLOGY,
    title: |s| format!("`into` of queue `{}`", at(s, 0)),
    changed: Some(Harm {
        messages: "those that wait go to the new place",
        rows: "the former table gets no rows any more",
        instead: "declare another queue that is bound alike",
        ..NONE
    }),
    ..OF_QUEUE
};

/// The partitions of a queue: their number and their key.
pub(super) const PARTITIONS: Kind = Kind {
    word: "partitions",
    title: |s| format!("`partitions` of queue `{}`", at(s, 0)),
    rule: &TOPOLOGY,
    place: |s| yaml(&["queues", at(s, 0), "partitions"]),
    ..OF_QUEUE
};

pub(super) fn add(model: &Model, facts: &mut Facts) {
    for exchange in &model.exchanges {
        let kind = match exchange.kind {
            ExchangeKind::Direct => "direct",
            ExchangeKind::Topic => "topic",
            ExchangeKind::Fanout => "fanout",
        };
        facts.add(&EXCHANGE, &[&exchange.name], kind);
    }
    for source in &model.sources {
        if let Some(route) = &source.rejects {
            let route = format!("{} {}", route.exchange, route.routing_key);
            facts.add(&REJECTS, &[&source.name], route);
        }
    }
    for queue in &model.queues {
        add_queue(model, queue, facts);
    }
}

fn add_queue(model: &Model, queue: &Queue, facts: &mut Facts) {
    let name = queue.name.as_str();
    let kind = match queue.quorum {
        true => "quorum",
        false => "classic",
    };
    facts.add(&QUEUE, &[name], kind);
    for route in &queue.bindings {
        facts.add(&BIND, &[name, &route.exchange, &route.routing_key], "");
    }
    match (&queue.topic, &queue.foreign) {
        (Some(group), Some(Foreign { topic, format })) => {
            facts.add(&KAFKA_SOURCE, &[name], format!("{topic} {}", format.name()));
            facts.add(&KAFKA_GROUP, &[name], &group.name);
        }
        (Some(topic), None) => {
            facts.add(&KAFKA, &[name], &topic.name);
            facts.add(&TOPIC_PARTITIONS, &[name], topic.partitions.to_string());
        }
        (None, _) => {}
    }
    if let Some(by) = &queue.topic_key {
        facts.add(&TOPIC_KEY, &[name], key(by));
    }
    let carries = match &queue.input {
        Input::Events => "events".to_owned(),
        Input::Json(message) => format!("json {}", message.full_name()),
        Input::DeadLetters => "dead letters".to_owned(),
    };
    facts.add(&CARRIES, &[name], carries);
    if let Some(route) = &queue.dead_letter {
        let route = format!("{} {}", route.exchange, route.routing_key);
        facts.add(&LETTERS, &[name], route);
    }
    let into = match queue.into {
        Destination::Table(_) => model.table_of(queue).map(|t| format!("table {}", t.name)),
        Destination::Request(_) => model
            .request_of(queue)
            .map(|r| format!("request {}", r.name)),
    };
    facts.add(&INTO, &[name], into.unwrap_or_default());
    if let Some(Partitions { count, by }) = &queue.partitions {
        facts.add(&PARTITIONS, &[name], format!("{count} by {}", key(by)));
    }
}

/// The queue of a typed table is declared by the table.
fn binding_place(subject: &[&str]) -> Place {
    yaml(&["queues", at(subject, 0), "bind", at(subject, 1)])
}
