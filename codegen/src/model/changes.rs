//! Changes that are meant: what is accepted, what is retired, and what has another name.

use super::Model;

/// A change of a contract that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The fact that changes, as its key in the lock, and the code of the change behind it.
    pub change: String,
    /// Why it may be.
    pub why: String,
}

/// Something that was declared and isn't any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retired {
    /// What it was, as the key of its fact in the lock: `queue orders_q`, `bind orders_q shop.dx order`,
    /// `table purchase`, `column purchase price`, `event LaunchEvent`; of a field its message as it was written,
    /// `field LaunchEvent dynamicLink`.
    pub key: String,
    /// Date, `2026-11-26`.
    pub since: String,
    /// Why nobody needs it.
    pub why: String,
    /// True if what is stored in it goes, too.
    pub drop: bool,
    /// True if what is still sent of an event type or a field is accepted and not kept.
    pub discard: bool,
}

/// Something that had another name before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// What it is, as the key of its fact in the lock: `queue orders_q`, `table purchase`, `column purchase price`.
    pub key: String,
    /// The last word of that key before.
    pub from: String,
}

// === impl Renamed ===

impl Renamed {
    /// The key that it had.
    pub fn former(&self) -> String {
        match self.key.rsplit_once(' ') {
            Some((of, _)) => format!("{of} {}", self.from),
            None => self.from.clone(),
        }
    }

    /// Its name today.
    pub fn name(&self) -> &str {
        self.key.rsplit(' ').next().unwrap_or_default()
    }
}

// === impl Model ===

impl Model {
    /// The entry of `retired` with this key, if there is one.
    pub fn retired(&self, key: &str) -> Option<&Retired> {
        self.retired.iter().find(|retired| retired.key == key)
    }
}
