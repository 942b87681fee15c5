//! Kafka: its brokers and account, and the topics of queues.

use super::finding::{Findings, Level};
use crate::broker::{InspectedTopic, KafkaAddress, KafkaOptions, QueueSpec, Topology, inspect};
use crate::generated::PIPELINE;

const PLACE: &str = "kafka";

/// Looks at the topics of all queues of the pipeline that are in Kafka.
pub(super) async fn check(address: Option<&KafkaAddress>, findings: &mut Findings) {
    let topology = Topology::of(&PIPELINE, |_| true);
    look(address, &topology.queues, findings).await;
}

async fn look(address: Option<&KafkaAddress>, queues: &[QueueSpec], findings: &mut Findings) {
    let in_kafka = queues.iter().filter(|queue| queue.topic.is_some());
    let names: Vec<&str> = in_kafka.map(|queue| queue.name).collect();
    let Some(address) = address else {
        if !names.is_empty() {
            let what = format!("none is given, and queues are there: {}", names.join(", "));
            let fix = "give --kafka-brokers; beside RabbitMQ an instance doesn't start without";
            findings.add(Level::Warning, PLACE, what, fix);
        }
        return;
    };
    let topics = match inspect(address, queues).await {
        Ok(topics) => topics,
        Err(error) => {
            let what = format!("{address} can't be asked: {error}");
            let fix = "check names and ports, kafka:// or kafkas://, --kafka-ca, user and password, and whether it runs";
            findings.add(Level::Problem, PLACE, what, fix);
            return;
        }
    };
    findings.good(PLACE, format!("connected to {address}"));
    let before = findings.bad();
    for topic in &topics {
        one(topic, findings);
    }
    if !topics.is_empty() && findings.bad() == before {
        findings.good(
            PLACE,
            format!("{} topics are as they are declared", topics.len()),
        );
    }
}

/// Looks at one topic.
fn one(topic: &InspectedTopic, findings: &mut Findings) {
    let InspectedTopic { name, queue, .. } = topic;
    let of = format!("topic {name} of queue {}", queue.name);
    let mut add = |level, what: String, fix: &str| {
        findings.add(level, PLACE, format!("{of} {what}"), fix);
    };
    if topic.partitions == 0 {
        match topic.foreign {
            true => add(
                Level::Problem,
                "isn't there, or this account may not describe it".to_owned(),
                "other services make it; the account needs Describe and Read on it",
            ),
            false => add(
                Level::Note,
                "isn't there yet".to_owned(),
                "the first instance makes it, if its account may (Create)",
            ),
        }
        return;
    }
    if !topic.foreign {
        ours(topic, &mut add);
    }
    match &topic.unsettled {
        Ok((messages, quarters)) if *quarters > 0 => {
            let level = if *quarters >= 3 {
                Level::Problem
            } else {
                Level::Warning
            };
            add(
                level,
                format!(
                    "holds {messages} unsettled messages, the oldest for {quarters} quarters of its retention or more"
                ),
                "raise its retention.ms, and find out why it isn't consumed (docs/kafka.md)",
            );
        }
        Ok(_) => {}
        Err(why) => add(
            Level::Problem,
            format!("can't be asked how far it was read: {why}"),
            "the account needs Read on the consumer group",
        ),
    }
}

/// Looks at a topic of ours: what it is made with, and whether it takes records.
fn ours(topic: &InspectedTopic, add: &mut impl FnMut(Level, String, &str)) {
    let Some(declared) = topic.queue.topic else {
        return;
    };
    let (partitions, replicas) = (
        usize::from(declared.partitions),
        usize::from(declared.replicas),
    );
    if topic.partitions < partitions {
        add(
            Level::Warning,
            format!(
                "has {} partitions, and {partitions} are declared",
                topic.partitions
            ),
            "kafka-topics.sh --alter --partitions; fewer instances share its work until then",
        );
    }
    if topic.replicas < replicas {
        add(
            Level::Warning,
            format!(
                "has {} replicas, and {replicas} are declared",
                topic.replicas
            ),
            "kafka-reassign-partitions.sh; with so few a broker that fails takes messages with it",
        );
    }
    let Some(settings) = topic.settings else {
        add(
            Level::Note,
            "has settings that this account may not read".to_owned(),
            "grant DescribeConfigs on it to have them looked at",
        );
        return;
    };
    let in_sync = usize::from(settings.in_sync);
    if topic.in_sync < in_sync {
        add(
            Level::Problem,
            format!(
                "takes no messages: {} replicas are in sync, and it wants {in_sync}",
                topic.in_sync
            ),
            "start the brokers that are away",
        );
    }
    if in_sync < usize::from(declared.in_sync()) {
        add(
            Level::Warning,
            format!(
                "confirms what {in_sync} replicas have, and {} are declared",
                declared.in_sync()
            ),
            "kafka-configs.sh --alter --add-config min.insync.replicas=…",
        );
    }
    if settings
        .retention_ms
        .is_some_and(|kept| kept < declared.retention_ms)
    {
        add(
            Level::Warning,
            "keeps messages for less than is declared".to_owned(),
            "kafka-configs.sh --alter --add-config retention.ms=…",
        );
    }
    let most = KafkaOptions::default().max_body as u64;
    if settings.max_message < most {
        add(
            Level::Warning,
            format!(
                "takes records of {} bytes, and messages have up to {most}",
                settings.max_message
            ),
            "kafka-configs.sh --alter --add-config max.message.bytes=…; until then larger ones are refused to their senders, and, where it is the topic of retries, wait",
        );
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

    use super::*;
    use crate::broker::TopicSettings;
    use crate::contract::{Foreign, Format, Topic};

    fn inspected(foreign: bool) -> InspectedTopic {
        let mut queue = QueueSpec::of(PIPELINE.queues.first().unwrap());
        queue.name = "orders_q";
        queue.topic = Some(Topic {
            name: "orders",
            partitions: 8,
            replicas: 3,
            retention_ms: 604_800_000,
            bridged: false,
        });
        queue.foreign = foreign.then_some(Foreign {
            topic: "shop.orders",
            format: Format::Json,
        });
        InspectedTopic {
            queue,
            name: "orders".to_owned(),
            foreign,
            partitions: 8,
            replicas: 3,
            in_sync: 3,
            settings: Some(TopicSettings {
                retention_ms: Some(604_800_000),
                in_sync: 2,
                max_message: 32 << 20,
            }),
            unsettled: Ok((0, 0)),
        }
    }

    /// What is said of a topic: the levels, and the words.
    fn told(topic: &InspectedTopic) -> String {
        let mut findings = Findings::default();
        one(topic, &mut findings);
        serde_json::to_string(&findings).unwrap()
    }

    #[test]
    fn a_topic_as_it_is_declared_is_not_worth_a_word() {
        assert_eq!(told(&inspected(false)), r#"{"findings":[]}"#);
        assert_eq!(told(&inspected(true)), r#"{"findings":[]}"#);
    }

    /// A change of a topic, whether it is of others, and the level and words that it gets.
    type Case = (fn(&mut InspectedTopic), bool, &'static str, &'static str);

    #[test]
    fn what_differs_is_told_by_how_bad_it_is() {
        let cases: [Case; 9] = [
            (
                |t| t.partitions = 0,
                true,
                "problem",
                "other services make it",
            ),
            (|t| t.partitions = 0, false, "note", "isn't there yet"),
            (
                |t| t.partitions = 4,
                false,
                "warning",
                "4 partitions, and 8",
            ),
            (|t| t.replicas = 1, false, "warning", "1 replicas, and 3"),
            (|t| t.in_sync = 1, false, "problem", "takes no messages"),
            (|t| t.settings = None, false, "note", "may not read"),
            (
                |t| t.unsettled = Ok((5, 2)),
                true,
                "warning",
                "5 unsettled messages",
            ),
            (
                |t| t.unsettled = Ok((5, 3)),
                false,
                "problem",
                "find out why",
            ),
            (
                |t| t.unsettled = Err("no".to_owned()),
                true,
                "problem",
                "consumer group",
            ),
        ];
        for (change, foreign, level, words) in cases {
            let mut topic = inspected(foreign);
            change(&mut topic);
            let told = told(&topic);
            assert!(told.contains(&format!(r#""level":"{level}""#)), "{told}");
            assert!(told.contains(words), "{words}: {told}");
        }
        // What others have of their own topic is theirs.
        let mut theirs = inspected(true);
        theirs.partitions = 1;
        theirs.replicas = 1;
        assert_eq!(told(&theirs), r#"{"findings":[]}"#);
    }

    #[test]
    fn settings_that_promise_less_are_told() {
        let with = |settings: TopicSettings| {
            let mut topic = inspected(false);
            topic.settings = Some(settings);
            told(&topic)
        };
        let good = TopicSettings {
            retention_ms: None,
            in_sync: 2,
            max_message: 32 << 20,
        };
        assert_eq!(with(good), r#"{"findings":[]}"#);
        let confirms = with(TopicSettings { in_sync: 1, ..good });
        assert!(confirms.contains("min.insync.replicas"), "{confirms}");
        let keeps = with(TopicSettings {
            retention_ms: Some(1000),
            ..good
        });
        assert!(keeps.contains("retention.ms"), "{keeps}");
        let takes = with(TopicSettings {
            max_message: 1 << 20,
            ..good
        });
        assert!(takes.contains("max.message.bytes"), "{takes}");
    }
}
