//! Checks of queues whose messages Kafka carries.

use std::collections::BTreeMap;

use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::base::names::is_topic;
use crate::model::Input;
use crate::resolve::{Queue, Resolved};
use crate::rules::kafka::{KAFKA_DEAD_LETTERS, KAFKA_SOURCE, QUEUE_TYPE_IN_KAFKA, TOPIC_NAME};
use crate::rules::reading::CONFLICTING_KEYS;
use crate::syntax::spec::Kafka;

/// The longest name: the topic of retries has one that is longer, and Kafka takes 249.
const LONGEST: usize = 240;

/// Checks topics.
pub(super) fn check(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    for queue in &resolved.spec.queues {
        if let Some(kafka) = &queue.kafka {
            let bound = queue.bind.first().map(|binding| binding.exchange.span);
            sources(kafka, bound, out);
        }
    }
    for own in resolved.spec.tables.iter().filter_map(|t| t.queue.as_ref()) {
        let source = own.kafka.as_ref().and_then(|kafka| kafka.source.as_ref());
        if let Some(source) = source {
            out.push(
                Diagnostic::new(&KAFKA_SOURCE, "the queue of a typed table gets app events of our sources")
                    .at(source.span, "a topic of other services")
                    .help("declare a queue with this `source` under `queues`, and a table without `events`"),
            );
        }
    }
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
        if let Some(partitions) = queue.partitions.as_ref().filter(|p| !p.of_topic) {
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

/// What goes with a topic of other services, and what only with one.
fn sources(kafka: &Kafka, bound: Option<Span>, out: &mut Diagnostics) {
    let Some(source) = &kafka.source else {
        let group = kafka.group.as_ref().map(|group| ("group", group.span));
        let format = kafka.format.as_ref().map(|format| ("format", format.span));
        for (key, place) in group.into_iter().chain(format) {
            let message = format!("`{key}` is of topics of other services");
            out.push(
                Diagnostic::new(&KAFKA_SOURCE, message)
                    .at(place, "of which topic?")
                    .and(Some(kafka.span), "a topic of ours")
                    .help("name theirs: `source: TOPIC`, in place of `topic` and of `bind`"),
            );
        }
        return;
    };
    let topic = kafka
        .topic
        .as_ref()
        .map(|topic| (topic.span, "a topic of ours", "topic"));
    let bound = bound.map(|place| (place, "what is published there never gets to it", "bind"));
    for (place, label, key) in topic.into_iter().chain(bound) {
        let message =
            "a queue is filled by a topic of other services, or by what is published to exchanges";
        out.push(
            Diagnostic::new(&KAFKA_SOURCE, message)
                .at(place, label)
                .and(Some(source.span), "a topic of other services")
                .help(format!(
                    "leave `{key}` out, or declare two queues into one table"
                )),
        );
    }
    if !is_topic(&source.value) {
        let message = format!("`{}` can't be the name of a topic", source.value);
        out.push(Diagnostic::new(&TOPIC_NAME, message).at(source.span, "no name of a topic"));
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
    if name.len() > LONGEST {
        return Some("too long");
    }
    if !is_topic(name) {
        return Some("no name of a topic");
    }
    name.ends_with(".retry")
        .then_some("the name of a topic of retries")
}
