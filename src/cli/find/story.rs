//! Story of what was looked for: a line for each place, in the order of time.

use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::{one_line, time};

/// Story of what was looked for.
#[derive(Debug, Default)]
pub(super) struct Story {
    /// Places, in the order of time once they are told.
    pub(super) places: Vec<Place>,
    /// Stores and instances that could not be asked, and why.
    pub(super) unasked: Vec<Unasked>,
    /// What may be said beside it.
    pub(super) notes: Vec<String>,
}

/// A place where something was found.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Place {
    /// What it is: `row` or `dead_letter`.
    pub(super) what: &'static str,
    /// When it came there, in milliseconds since the epoch.
    pub(super) at_ms: Option<i64>,
    /// Table with its database.
    pub(super) place: String,
    /// Id of the event or message; of a dead letter its own.
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) event_type: String,
    /// What is known of it, for people.
    pub(super) told: String,
    /// What is known of it, for programs.
    pub(super) facts: Value,
    /// How to look closer.
    pub(super) closer: String,
}

/// Store or instance that could not be asked.
#[derive(Debug, Serialize)]
pub(super) struct Unasked {
    pub(super) store: String,
    pub(super) reason: String,
}

impl Story {
    /// True if nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    fn in_order(&self) -> Vec<&Place> {
        let mut places: Vec<&Place> = self.places.iter().collect();
        places.sort_by(|a, b| (a.at_ms, &a.place).cmp(&(b.at_ms, &b.place)));
        places
    }

    /// As JSON.
    pub(super) fn json(&self) -> Value {
        let places = self.in_order().into_iter().map(|place| {
            let mut shown = json!(place);
            if let Some(shown) = shown.as_object_mut() {
                shown.insert("at".into(), json!(place.at_ms.map(time::text)));
            }
            shown
        });
        json!({
            "found": places.collect::<Value>(),
            "unasked": self.unasked,
            "notes": self.notes,
        })
    }

    /// As lines for people.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for place in self.in_order() {
            let at = place.at_ms.map_or_else(|| "-".repeat(24), time::text);
            let named = [place.event_type.as_str(), place.id.as_str()];
            let named = named.into_iter().filter(|name| !name.is_empty());
            let named: Vec<_> = named.collect();
            lines.push(one_line(&format!(
                "{at}  {} {}: {}  {}",
                place.what.replace('_', " "),
                place.place,
                named.join(" "),
                place.told
            )));
            lines.push(format!("{:24}  {}", "", one_line(&place.closer)));
        }
        if self.places.is_empty() {
            lines.push("Nothing was found.".to_owned());
        }
        lines.extend(self.notes.iter().map(|note| one_line(note)));
        let unasked = self.unasked.iter();
        lines.extend(
            unasked.map(|unasked| {
                one_line(&format!("Not asked: {}: {}", unasked.store, unasked.reason))
            }),
        );
        lines
    }
}
