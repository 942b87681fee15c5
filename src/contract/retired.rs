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
    };

    /// All bindings that shall go: queue, exchange and routing key.
    pub fn bindings(&self) -> impl Iterator<Item = (&'static str, Route)> + '_ {
        let queues = self.queues.iter().chain(self.unbound);
        queues.flat_map(|queue| queue.bindings.iter().map(|route| (queue.name, *route)))
    }
}
