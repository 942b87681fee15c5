//! Event types and fields of which nothing is kept that is still sent, in generated Rust.

use std::collections::{BTreeMap, BTreeSet};

use super::names::literal;
use crate::schema::contract::Contracts;
use crate::schema::late::DISCARD;

/// Retired fields of messages whose values are discarded, by the message's full name: `RetiredField`s by number.
pub(crate) fn fields(retired: &Contracts) -> BTreeMap<String, String> {
    let mut found: BTreeMap<&str, BTreeMap<u32, String>> = BTreeMap::new();
    for (key, value) in retired {
        let key: Vec<&str> = key.split(' ').collect();
        let discarded: Vec<&str> = match value.strip_suffix(DISCARD) {
            Some(value) => value.split(' ').collect(),
            None => continue,
        };
        if let (["field", message, name], [number, json_name]) = (&key[..], &discarded[..])
            && let Ok(number) = number.parse()
        {
            let field = format!(
                "RetiredField {{ message: {}, number: {number}, name: {}, json_name: {} }}",
                literal(message),
                literal(name),
                literal(json_name)
            );
            found.entry(*message).or_default().insert(number, field);
        }
    }
    found
        .into_iter()
        .map(|(message, fields)| {
            let fields: Vec<String> = fields.into_values().collect();
            (message.to_owned(), fields.join(", "))
        })
        .collect()
}

/// Retired event types whose events are discarded: `RetiredEvent`s by number, and pairs of each name of their members and
/// their number, by name.
pub(super) fn events(retired: &Contracts) -> (Vec<String>, Vec<String>) {
    let mut events: BTreeMap<u32, String> = BTreeMap::new();
    let mut names: BTreeSet<(&str, u32)> = BTreeSet::new();
    for (key, value) in retired {
        let (Some(event), Some(value)) = (key.strip_prefix("event "), value.strip_suffix(DISCARD))
        else {
            continue;
        };
        if let [_, number, name, json_name] = value.split(' ').collect::<Vec<_>>()[..]
            && let Ok(number) = number.parse()
        {
            let event = format!(
                "RetiredEvent {{ number: {number}, name: {} }}",
                literal(event)
            );
            events.insert(number, event);
            names.extend([(name, number), (json_name, number)]);
        }
    }
    let names = names.into_iter();
    let names = names.map(|(name, number)| format!("({}, {number})", literal(name)));
    (events.into_values().collect(), names.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_discarded_is_printed_and_in_order() {
        let facts = [
            ("event Late", "a.Event 12 late_one lateOne discard"),
            ("event Kept", "a.Event 13 kept kept"),
            ("event Early", "a.Event 7 early early discard"),
            ("field a.Header zone", "25 zone discard"),
            ("field a.Header old_name", "9 oldName discard"),
            ("field a.Header kept", "10 kept"),
            ("queue a_q", ""),
        ];
        let retired: Contracts = facts
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        let (events, names) = events(&retired);
        assert_eq!(
            events,
            [
                r#"RetiredEvent { number: 7, name: "Early" }"#,
                r#"RetiredEvent { number: 12, name: "Late" }"#
            ]
        );
        assert_eq!(
            names,
            [
                r#"("early", 7)"#,
                r#"("lateOne", 12)"#,
                r#"("late_one", 12)"#
            ]
        );
        let fields = fields(&retired);
        let expected = [
            r#"RetiredField { message: "a.Header", number: 9, name: "old_name", json_name: "oldName" }"#,
            r#"RetiredField { message: "a.Header", number: 25, name: "zone", json_name: "zone" }"#,
        ];
        assert_eq!(fields.get("a.Header"), Some(&expected.join(", ")));
    }
}
