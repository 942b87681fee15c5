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
    /// Queues that had another name.
    pub renamed: &'static [RenamedQueue],
}

/// An event type that is retired, and whose events are accepted and not stored.
#[derive(Debug, PartialEq, Eq)]
pub struct RetiredEvent {
    /// The field number that it had in the oneof.
    pub number: u32,
    /// Its name.
    pub name: &'static str,
}

/// A queue that had another name.
#[derive(Debug, Clone, Copy)]
pub struct RenamedQueue {
    /// Its name.
    pub name: &'static str,
    /// What it was called, with the bindings that it had then.
    pub former: RetiredQueue,
    /// Queues that read the dead letters of the former one, with the bindings that brought them.
    pub letters: &'static [RetiredQueue],
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
        renamed: &[],
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

    /// The name of today of a queue that was called `former`.
    pub fn renamed(&self, former: &str) -> Option<&'static str> {
        let found = self
            .renamed
            .iter()
            .find(|queue| queue.former.name == former);
        found.map(|queue| queue.name)
    }

    /// All bindings that shall go at once: queue, exchange and routing key.
    pub fn bindings(&self) -> impl Iterator<Item = (&'static str, Route)> + '_ {
        let former = self.renamed.iter().map(|queue| &queue.former);
        bindings(self.queues.iter().chain(self.unbound).chain(former))
    }

    /// Bindings that bring dead letters of queues under former names, and shall go when those queues have gone.
    pub fn letters(&self) -> impl Iterator<Item = (&'static str, Route)> + '_ {
        bindings(self.renamed.iter().flat_map(|queue| queue.letters))
    }
}

fn bindings<'a>(
    queues: impl Iterator<Item = &'a RetiredQueue>,
) -> impl Iterator<Item = (&'static str, Route)> {
    queues.flat_map(|queue| queue.bindings.iter().map(|route| (queue.name, *route)))
}

// === impl RenamedQueue ===

impl RenamedQueue {
    /// Bindings that bring dead letters of the former queue.
    pub fn letters(&self) -> impl Iterator<Item = (&'static str, Route)> {
        bindings(self.letters.iter())
    }
}
