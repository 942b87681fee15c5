//! A kind of facts: its word in the lock, and what it means if a fact comes, changes or goes.

use crate::base::refusal::Place;
use crate::base::rule::Rule;
use crate::rules::contracts::SENDERS;

/// A kind of facts.
pub(crate) struct Kind {
    /// The first word of its lines.
    pub(crate) word: &'static str,
    /// Words of a subject.
    pub(crate) names: usize,
    /// The rule that keeps its facts.
    pub(crate) rule: &'static Rule,
    /// The subject for people, from its words.
    pub(crate) title: fn(&[&str]) -> String,
    /// Where a subject is declared.
    pub(crate) place: fn(&[&str]) -> Place,
    /// The facts without which a subject means nothing, as keys; `table`, `column` and `message` are known beside the kinds.
    pub(crate) part_of: fn(&[&str]) -> Vec<String>,
    /// Harm of a fact that is new where its whole is not; none if there is none.
    pub(crate) added: Option<Harm>,
    /// Harm of another value; none if there is none.
    pub(crate) changed: Option<Harm>,
    /// True if a change from one value to the other does that harm.
    pub(crate) hurts: fn(&str, &str) -> bool,
    /// Harm of a fact that is gone where its whole is not; none if there is none.
    pub(crate) gone: Option<Harm>,
    /// The word by which `retired` names its subjects; empty if there is no way to retire them.
    pub(crate) retired_as: &'static str,
}

/// Whom a change hurts and how, and what to do instead. What isn't hurt is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Harm {
    /// Apps, pages, partners and services that send as before.
    pub(crate) senders: &'static str,
    /// Instances of the former build that still run.
    pub(crate) instances: &'static str,
    /// Messages that wait in queues.
    pub(crate) messages: &'static str,
    /// Rows that are stored.
    pub(crate) rows: &'static str,
    /// The way that does no harm.
    pub(crate) instead: &'static str,
}

// === impl Harm ===

impl Harm {
    /// Who is hurt, and how.
    pub(crate) fn told(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        [
            ("senders", self.senders),
            ("former instances", self.instances),
            ("in flight", self.messages),
            ("stored rows", self.rows),
        ]
        .into_iter()
        .filter(|(_, how)| !how.is_empty())
    }
}

/// A kind of facts that stand for themselves, and change as one likes.
pub(crate) const PLAIN: Kind = Kind {
    word: "",
    names: 1,
    rule: &SENDERS,
    title: |_| String::new(),
    place: |_| Place::Nowhere,
    part_of: whole,
    added: None,
    changed: None,
    hurts: always,
    gone: None,
    retired_as: "",
};

/// Facts of a source, by its name.
pub(super) const OF_SOURCE: Kind = Kind {
    place: |s| yaml(&["sources", at(s, 0)]),
    part_of: |s| vec![format!("source {}", at(s, 0))],
    ..PLAIN
};

/// Facts of a queue, by its name.
pub(super) const OF_QUEUE: Kind = Kind {
    place: |s| yaml(&["queues", at(s, 0)]),
    part_of: |s| vec![format!("queue {}", at(s, 0))],
    ..PLAIN
};

/// Facts of a request to an HTTP API, by its name.
pub(super) const OF_REQUEST: Kind = Kind {
    place: |s| yaml(&["requests", at(s, 0)]),
    part_of: |s| vec![format!("request {}", at(s, 0))],
    ..PLAIN
};

/// No harm at all.
pub(crate) const NONE: Harm = Harm {
    senders: "",
    instances: "",
    messages: "",
    rows: "",
    instead: "",
};

/// A subject that isn't part of anything.
pub(super) fn whole(_: &[&str]) -> Vec<String> {
    Vec::new()
}

/// Any other value hurts.
pub(super) fn always(_: &str, _: &str) -> bool {
    true
}

/// A smaller number hurts.
pub(super) fn lowered(before: &str, after: &str) -> bool {
    match (before.parse::<u64>(), after.parse::<u64>()) {
        (Ok(before), Ok(after)) => after < before,
        _ => before != after,
    }
}

/// A place in pipeline.yaml.
pub(super) fn yaml(path: &[&str]) -> Place {
    Place::Yaml(path.iter().map(|key| (*key).to_owned()).collect())
}

/// A word of a subject; empty if there are fewer.
pub(super) fn at<'a>(subject: &[&'a str], index: usize) -> &'a str {
    subject.get(index).copied().unwrap_or_default()
}
