//! All kinds of facts.

use super::kind::Kind;
use super::{json, personal, reserved, senders, targets, topology, transforms};

/// All kinds.
pub(crate) const ALL: [&Kind; 44] = [
    &senders::METHOD,
    &senders::PATH,
    &senders::SOURCE,
    &senders::PUBLISH,
    &senders::AUTH,
    &senders::LIMIT,
    &senders::ORIGIN,
    &senders::CREDENTIALS,
    &senders::HEADERS,
    &senders::BAD,
    &senders::VERIFY,
    &json::JSON,
    &json::REQUIRED,
    &json::NEEDED,
    &json::ANY_OF,
    &topology::EXCHANGE,
    &topology::QUEUE,
    &topology::BIND,
    &topology::LETTERS,
    &topology::REJECTS,
    &topology::KAFKA,
    &topology::TOPIC_PARTITIONS,
    &topology::TOPIC_KEY,
    &topology::KAFKA_SOURCE,
    &topology::KAFKA_GROUP,
    &topology::CARRIES,
    &topology::INTO,
    &topology::PARTITIONS,
    &transforms::EXPRESSION,
    &transforms::VARIANT,
    &transforms::TEXT,
    &transforms::HOOK,
    &transforms::CONFLICT,
    &transforms::SERVER,
    &targets::REQUEST,
    &targets::BY,
    &targets::TARGET,
    &targets::RECORD_KEY,
    &targets::RECORD_FORMAT,
    &targets::TARGET_HEADER,
    &targets::IDEMPOTENCY,
    &targets::BODY,
    &reserved::RESERVED,
    &personal::PERSONAL,
];

/// The kind of a line of the lock, or of the key of a fact.
pub(crate) fn of(line: &str) -> Option<&'static Kind> {
    let word = line.split(' ').next()?;
    ALL.into_iter().find(|kind| kind.word == word)
}

/// Words of the subject in a key.
pub(crate) fn subject(key: &str) -> Vec<&str> {
    key.split(' ').skip(1).collect()
}
