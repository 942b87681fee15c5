//! Events of retired types at intake: those that are accepted and not stored.

use std::collections::BTreeMap;

use crate::contract::{Retired, RetiredEvent};
use crate::events::{Event, Verdict};
use crate::late;
use crate::proto_json::Warnings;

/// Maximum number of types that the warnings of a request name.
const NAMED: usize = 20;

/// Numbers of such events of a request, by type.
#[derive(Debug, Default)]
pub(super) struct Late(BTreeMap<u32, (&'static RetiredEvent, u64)>);

/// The retired type of an event, if it is one that is accepted and not stored.
pub(super) fn discarded(verdict: &Verdict, retired: &Retired) -> Option<&'static RetiredEvent> {
    match verdict {
        Verdict::UnknownType(number) => retired.event(*number),
        Verdict::UnknownName(name) => retired.event_of(name),
        _ => None,
    }
}

impl Late {
    /// Takes them out of the events of a request that are not valid.
    pub(super) fn take_out(bad: &mut Vec<(usize, &Event<'_>)>, retired: &Retired) -> Self {
        let mut late = Late::default();
        if !retired.events.is_empty() {
            bad.retain(|(_, event)| {
                let event = discarded(&event.verdict, retired);
                if let Some(event) = event {
                    late.0.entry(event.number).or_insert((event, 0)).1 += 1;
                }
                event.is_none()
            });
        }
        late
    }

    /// True if there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their number.
    pub(super) fn count(&self) -> u64 {
        self.0.values().map(|(_, count)| count).sum()
    }

    /// Counts them, once their sender is told that they are accepted.
    pub(super) fn tell(&self) {
        for (event, count) in self.0.values() {
            late::events(event, *count);
        }
    }

    /// Warns their sender, with a line for each type.
    pub(super) fn warn(&self, warnings: &mut Warnings) {
        warnings.count += self.0.len();
        let lines = self.0.values().map(|(event, count)| match count {
            1 => format!(
                "an event of the retired type `{}` is not stored",
                event.name
            ),
            count => format!(
                "{count} events of the retired type `{}` are not stored",
                event.name
            ),
        });
        warnings.listed.extend(lines.take(NAMED));
    }
}
