//! Selection: what of a stage a tap is offered, by names alone.

use super::capture::{Place, Seen, Stage};

/// What a tap wants to see. An empty list is everything.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Stages.
    pub stages: Vec<Stage>,
    /// Names of sources.
    pub sources: Vec<String>,
    /// Exchanges that these sources publish to.
    pub exchanges: Vec<String>,
    /// Queues.
    pub queues: Vec<String>,
    /// Names of types.
    pub types: Vec<String>,
    /// Names of clients; an empty one is for unknown senders.
    pub clients: Vec<String>,
    /// Maximum number of events a second; what exceeds it is passed over.
    pub per_second: u64,
}

impl Selection {
    pub(super) fn stages(&self) -> u8 {
        let stages = match self.stages.as_slice() {
            [] => &Stage::ALL[..],
            stages => stages,
        };
        stages.iter().fold(0, |all, stage| all | stage.bit())
    }

    /// True if it is for something that was seen there.
    pub(super) fn wants(&self, seen: &Seen<'_>) -> bool {
        self.is_place(seen.place)
            && one_of(&self.types, seen.event_type)
            && one_of(&self.clients, seen.client)
    }

    fn is_place(&self, place: Place<'_>) -> bool {
        if self.sources.is_empty() && self.queues.is_empty() {
            return true;
        }
        let (names, name) = match place {
            Place::Door(_) => return false,
            Place::Source(name) => (&self.sources, name),
            Place::Exchange(name) => (&self.exchanges, name),
            Place::Queue(name) => (&self.queues, name),
        };
        names.iter().any(|known| known == name)
    }
}

fn one_of(names: &[String], name: &str) -> bool {
    names.is_empty() || names.iter().any(|known| known == name)
}
