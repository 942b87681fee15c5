//! Dead letters of event types that were retired since: a replay discards what would not be stored.

use crate::contract::{Pipeline, RetiredEvent};
use crate::dead_letter::Class;
use crate::sink::clickhouse::dead_letters::StoredDeadLetter;

/// The retired type of the events of a dead letter, if such events are accepted and not stored.
pub fn discarded(pipeline: &Pipeline, letter: &StoredDeadLetter) -> Option<&'static RetiredEvent> {
    if letter.class != Class::UnknownType.name() {
        return None;
    }
    match letter.event_type.parse() {
        Ok(number) => pipeline.retired.event(number),
        Err(_) => pipeline.retired.event_of(&letter.event_type),
    }
}
