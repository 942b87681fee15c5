//! Checks of queues whose messages Kafka carries.

use std::collections::BTreeMap;

use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::model::Input;
use crate::resolve::{Queue, Resolved};
use crate::rules::kafka::{KAFKA_DEAD_LETTERS, QUEUE_TYPE_IN_KAFKA, TOPIC_NAME};
use crate::rules::reading::CONFLICTING_KEYS;

/// The longest name: the topic of retries has one that is longer, and Kafka takes 249.
const LONGEST: usize = 240;

/// Checks topics.
pub(super) fn check(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    let mut seen: BTreeMap<String, (&str, Span)> = BTreeMap::new();
    for queue in &resolved.queues {
        let Some((topic, place)) = &queue.kafka else {
            continue;
        };
        if let Some(why) = unusable(&topic.name) {
            let message = format!("`{}` can't be the name of a topic", topic.name);
            out.push(
                Diagnostic::new(&TOPIC_NAME, message)
                    .at(topic.named.unwrap_or(*place), why)
                    .help("letters, digits, `.`, `_` and `-`, at most 240 of them, not ending in `.retry`"),
            );
        }
        let alike = topic.name.replace('.', "_");
        if let Some((other, there)) = seen.insert(alike, (&queue.name, *place)) {
            let message = format!(
                "the topics of queues `{other}` and `{}` are the same for Kafka",
                queue.name
            );
            out.push(
                Diagnostic::new(&TOPIC_NAME, message)
                    .at(*place, "already taken")
                    .and(Some(there), "by this queue"),
            );
        }
        if matches!(queue.input, Some(Input::DeadLetters)) {
            let message = format!(
                "queue `{}` holds dead letters, which stay in RabbitMQ",
                queue.name
            );
            out.push(
                Diagnostic::new(&KAFKA_DEAD_LETTERS, message)
                    .at(*place, "Kafka deletes what nobody has read")
                    .help("leave `kafka` out"),
            );
        }
        if let Some(partitions) = &queue.partitions {
            let message = format!("queue `{}` has the partitions of its topic", queue.name);
            out.push(
                Diagnostic::new(&CONFLICTING_KEYS, message)
                    .at(partitions.place, "partitions within RabbitMQ")
                    .and(Some(*place), "Kafka carries it")
                    .help("write `kafka: { partitions: ... }`"),
            );
        }
        typed(queue, *place, out);
    }
}

fn typed(queue: &Queue, place: Span, out: &mut Diagnostics) {
    let bridged = queue.kafka.as_ref().is_some_and(|(topic, _)| topic.bridged);
    if let (Some(written), false) = (queue.typed, bridged) {
        let message = format!(
            "queue `{}` is not in RabbitMQ, and has a `type`",
            queue.name
        );
        out.push(
            Diagnostic::new(&QUEUE_TYPE_IN_KAFKA, message)
                .at(written, "how RabbitMQ would keep it")
                .and(Some(place), "Kafka carries it")
                .help("leave `type` out"),
        );
    }
}

fn unusable(name: &str) -> Option<&'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if name.is_empty() || matches!(name, "." | "..") || !name.chars().all(plain) {
        return Some("no name of a topic");
    }
    if name.len() > LONGEST {
        return Some("too long");
    }
    name.ends_with(".retry")
        .then_some("the name of a topic of retries")
}
