//! What was declared before and isn't any more, and may still be on servers.

use super::exchange::Route;

/// What was retired and may still be on servers.
#[derive(Debug, Clone, Copy)]
pub struct Retired {
    /// Queues, with the bindings that they had.
    pub queues: &'static [RetiredQueue],
    /// Queues that stay, or are retired as well, and bindings that they lose.
    pub unbound: &'static [RetiredQueue],
    /// Names of exchanges.
    pub exchanges: &'static [&'static str],
    /// HTTP paths of sources.
    pub paths: &'static [&'static str],
    /// Event types whose events are accepted and not stored, by ascending number.
    pub events: &'static [RetiredEvent],
    /// The names of their members in JSON and in the proto file, in order, each with the number.
    pub event_names: &'static [(&'static str, u32)],
}

/// An event type that is retired, and whose events are accepted and not stored.
#[derive(Debug, PartialEq, Eq)]
pub struct RetiredEvent {
    /// The field number that it had in the oneof.
    pub number: u32,
    /// Its name.
    pub name: &'static str,
}

/// A queue, and bindings that it shall not have any more.
#[derive(Debug, Clone, Copy)]
pub struct RetiredQueue {
    /// Its name.
    pub name: &'static str,
    /// Its bindings.
    pub bindings: &'static [Route],
}

impl Retired {
    /// Nothing was retired.
    pub const NONE: Retired = Retired {
        queues: &[],
        unbound: &[],
        exchanges: &[],
        paths: &[],
        events: &[],
        event_names: &[],
    };

    /// The discarded event type that had this number.
    pub fn event(&self, number: u32) -> Option<&'static RetiredEvent> {
        let at = self
            .events
            .binary_search_by_key(&number, |event| event.number);
        self.events.get(at.ok()?)
    }

    /// The discarded event type whose member had this name.
    pub fn event_of(&self, name: &str) -> Option<&'static RetiredEvent> {
        let at = self
            .event_names
            .binary_search_by_key(&name, |(name, _)| name);
        let (_, number) = self.event_names.get(at.ok()?)?;
        self.event(*number)
    }

    /// All bindings that shall go: queue, exchange and routing key.
    pub fn bindings(&self) -> impl Iterator<Item = (&'static str, Route)> + '_ {
        let queues = self.queues.iter().chain(self.unbound);
        queues.flat_map(|queue| queue.bindings.iter().map(|route| (queue.name, *route)))
    }
}
