//! Events of the ledger: what was received and what became of it, by event type and destination.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::reading::Reading;
use super::scrape::{EventCounts, UnitCounts};

/// Counts of an event type at one destination, since the opening, or since the instances started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventLine {
    /// Message name of the type; empty for dead letters and events of unknown type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Table or request; empty if nothing of this type has got that far.
    pub into: String,
    /// Counts at intake, whatever the destination.
    #[serde(flatten)]
    pub events: EventCounts,
    /// Counts at this destination.
    #[serde(flatten)]
    pub units: UnitCounts,
}

/// Lines by type and then by destination.
pub(super) fn lines(opening: Option<&Reading>, now: &Reading) -> Vec<EventLine> {
    let mut events: BTreeMap<&str, EventCounts> = BTreeMap::new();
    let mut units: BTreeMap<(&str, &str), UnitCounts> = BTreeMap::new();
    for (name, instance) in &now.instances {
        let before = instance.opening(name, opening).map(|before| &before.second);
        for (kind, counts) in &instance.second.events {
            let before = before.and_then(|b| b.events.get(kind)).copied();
            let before = before.unwrap_or_default();
            let sum = events.entry(kind).or_default();
            sum.received += counts.received.saturating_sub(before.received);
            sum.accepted += counts.accepted.saturating_sub(before.accepted);
        }
        for (kind, into) in &instance.second.units {
            for (into, counts) in into {
                let before = before.and_then(|b| b.units.get(kind)?.get(into)).copied();
                let before = before.unwrap_or_default();
                let sum = units.entry((kind, into)).or_default();
                sum.stored += counts.stored.saturating_sub(before.stored);
                sum.dead_lettered += counts.dead_lettered.saturating_sub(before.dead_lettered);
                sum.retried += counts.retried.saturating_sub(before.retried);
            }
        }
    }
    let arrived: BTreeSet<&str> = units.keys().map(|(kind, _)| *kind).collect();
    let others = events.keys().filter(|kind| !arrived.contains(*kind));
    let others: Vec<(&str, &str)> = others.map(|kind| (*kind, "")).collect();
    let all: BTreeSet<(&str, &str)> = units.keys().copied().chain(others).collect();
    let line = |(kind, into): (&str, &str)| EventLine {
        kind: kind.to_owned(),
        into: into.to_owned(),
        events: events.get(kind).copied().unwrap_or_default(),
        units: units.get(&(kind, into)).copied().unwrap_or_default(),
    };
    all.into_iter()
        .map(line)
        .filter(|line| line.events != EventCounts::default() || line.units != UnitCounts::default())
        .collect()
}
