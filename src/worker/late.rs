//! Events of retired types in messages: those that are not stored are taken out, so that the message ends without them.

use std::collections::BTreeMap;

use super::split::{Part, Why};
use crate::contract::{Retired, RetiredEvent};
use crate::late;

/// Takes out the events of discarded types. Events of known types are not looked at.
pub(super) fn discard(parts: &mut [Part], retired: &Retired) {
    if retired.events.is_empty() {
        return;
    }
    let mut counts: BTreeMap<u32, (&'static RetiredEvent, u64)> = BTreeMap::new();
    for part in parts.iter_mut().filter(|part| !part.lost.is_empty()) {
        part.lost.retain(|lost| {
            let event = match &lost.why {
                Why::UnknownType(number) => retired.event(*number),
                Why::UnknownMember { name } => retired.event_of(name),
                Why::RowError(_) | Why::NoType => None,
            };
            if let Some(event) = event {
                counts.entry(event.number).or_insert((event, 0)).1 += 1;
            }
            event.is_none()
        });
    }
    for (event, count) in counts.into_values() {
        late::events(event, count);
    }
}
