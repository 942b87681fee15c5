//! Changes of facts, and what becomes of each.

use super::contract::kind::{Harm, Kind};
use super::contract::kinds;
use crate::base::hash::hash;

/// A change of a fact.
pub(crate) struct Change {
    /// The fact: its kind and its subject.
    pub(crate) key: String,
    /// Its kind.
    pub(crate) kind: &'static Kind,
    /// Its value at the base; none if it is new.
    pub(crate) before: Option<String>,
    /// Its value now; none if it is gone.
    pub(crate) after: Option<String>,
    /// What becomes of it.
    pub(crate) verdict: Verdict,
    /// The text by which `accepts` names it, together with others that are alike if there are any.
    pub(crate) accepted: String,
}

/// What becomes of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It hurts nobody.
    Harmless,
    /// It hurts, and is meant.
    Accepted(Harm),
    /// The fact was retired.
    Retired,
    /// It hurts.
    Refused(Harm),
}

// === impl Change ===

impl Change {
    /// The text by which `accepts` names it alone: its key, and a code of both values.
    pub(super) fn alone(&self) -> String {
        format!("{} {}", self.key, code(&self.values()))
    }

    /// Its key and both values.
    pub(super) fn values(&self) -> String {
        format!("{}\0{:?}\0{:?}", self.key, self.before, self.after)
    }

    /// True if `accepts` names it so.
    pub(crate) fn is(&self, accepted: &str) -> bool {
        accepted == self.accepted || accepted == self.alone()
    }

    /// What changes, for people.
    pub(crate) fn title(&self) -> String {
        (self.kind.title)(&kinds::subject(&self.key))
    }

    /// One sentence without a full stop.
    pub(crate) fn told(&self) -> String {
        let title = self.title();
        match (self.before.as_deref(), self.after.as_deref()) {
            (Some(before), Some(after)) => format!("{title} was `{before}` and is now `{after}`"),
            (Some(_), None) => format!("{title} is gone"),
            _ => format!("{title} is new"),
        }
    }
}

/// Six letters that stand for a text.
pub(super) fn code(text: &str) -> String {
    hash(text.as_bytes()).chars().take(6).collect()
}
