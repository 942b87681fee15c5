//! Mask of what is found: personal values are masked as in a tap.

use serde_json::Value;

use super::Args;
use crate::contract::{Holds, Table};
use crate::generated::PIPELINE;
use crate::ops::tap::personal::{MASK, Personal};
use crate::sink::clickhouse::dead_letters::Summary;

/// What of personal values is shown.
pub(super) struct Mask<'a> {
    /// None if they are shown.
    personal: Option<Personal>,
    /// Ids that were asked for, which tell nobody anything.
    asked: &'a [String],
}

impl<'a> Mask<'a> {
    /// As the options say.
    pub(super) fn of(args: &'a Args) -> Self {
        let personal = (!args.unmasked).then(|| Personal::of(&PIPELINE, &args.personal));
        Mask {
            personal,
            asked: &args.ids,
        }
    }

    /// The id of a row as it is shown: masked if the column holds a personal field, or it looks like one.
    pub(super) fn id(&self, table: &Table, id: &str) -> String {
        let Some(personal) = &self.personal else {
            return id.to_owned();
        };
        if id.is_empty() || self.asked.iter().any(|asked| asked == id) {
            return id.to_owned();
        }
        let column = table.place_of(Holds::Id);
        let column = column.and_then(|place| table.columns.get(place));
        if column.is_some_and(|column| personal.covers(&[table.name, column.name])) {
            return MASK.to_owned();
        }
        text(personal, id)
    }

    /// Masks what a dead letter says of a message.
    pub(super) fn letter(&self, letter: &mut Summary) {
        if let Some(personal) = &self.personal {
            personal.mask_reason(&mut letter.reason);
            letter.event_type = text(personal, &letter.event_type);
        }
    }
}

fn text(personal: &Personal, text: &str) -> String {
    let mut value = Value::from(text);
    personal.mask(&mut value);
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;

    fn mask<'a>(names: &[&str], asked: &'a [String]) -> Mask<'a> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Mask {
            personal: Some(Personal::of(&PIPELINE, &names)),
            asked,
        }
    }

    #[test]
    fn an_id_is_masked_where_it_is_personal_unless_it_was_asked_for() {
        let mut tables = PIPELINE.tables.iter();
        let table = tables.find(|table| table.name == "event").unwrap();
        let asked = ["jo@example.com".to_owned()];
        let usual = mask(&[], &asked);
        assert_eq!(usual.id(table, "e-1"), "e-1");
        assert_eq!(usual.id(table, "ann@example.com"), MASK);
        assert_eq!(usual.id(table, "jo@example.com"), "jo@example.com");
        // Names of an operator are names of columns, too.
        let named = mask(&["eventId"], &asked);
        assert_eq!(named.id(table, "e-1"), MASK);
        assert_eq!(named.id(table, ""), "");
        let shown = Mask {
            personal: None,
            asked: &[],
        };
        assert_eq!(shown.id(table, "ann@example.com"), "ann@example.com");
    }
}
