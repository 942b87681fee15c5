//! Report of the client on what it sent.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

/// Number of sent events of each type, and some of them in full.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) counts: BTreeMap<String, u64>,
    pub(super) events: Vec<Event>,
}

/// An event that was sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    /// Its type.
    pub(super) name: String,
    /// Empty if none was sent.
    pub(super) id: String,
    /// Empty if none was sent.
    pub(super) timestamp: String,
    #[serde(rename = "currentURL")]
    pub(super) current_url: String,
    /// All fields of the request's header.
    pub(super) header: Map<String, Value>,
    /// The fields that are not at their default.
    pub(super) payload: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Counts(BTreeMap<String, u64>),
    Event(Event),
}

impl Sent {
    /// Reads the client's file.
    pub(super) fn read(path: &Path) -> Sent {
        let mut sent = Sent::default();
        for line in std::fs::read_to_string(path).unwrap().lines() {
            match serde_json::from_str(line).expect(line) {
                Line::Counts(counts) => sent.counts = counts,
                Line::Event(event) => sent.events.push(event),
            }
        }
        for name in sent.counts.keys() {
            let sampled = sent.events.iter().filter(|event| event.name == *name);
            assert!(sampled.count() >= 10, "too few {name} to compare");
        }
        sent
    }

    /// The part with these types.
    pub(super) fn of(&self, names: &[&str]) -> Sent {
        let mut part = Sent {
            counts: self.counts.clone(),
            events: self.events.clone(),
        };
        part.counts.retain(|name, _| names.contains(&name.as_str()));
        part.events
            .retain(|event| names.contains(&event.name.as_str()));
        part
    }

    /// Number of sent events.
    pub(super) fn total(&self) -> u64 {
        self.counts.values().sum()
    }
}
