//! Reading single values: text, counts, sizes, durations, one of several words. Each reports what it can't read.

use std::ops::RangeInclusive;

use super::Located;
use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::base::names::{self, grouped, suggest};
use crate::rules::reading::{MISSING_KEY, OUT_OF_BOUNDS, UNKNOWN_KEY, WRONG_TYPE};
use crate::syntax::yaml::{Entry, Node, Text, Value};

/// The entries of a mapping whose keys are known.
pub(crate) struct Fields<'a> {
    /// Description of the mapping, for messages: "queue `clicks`".
    what: String,
    place: Span,
    entries: &'a [Entry],
}

impl<'a> Fields<'a> {
    /// Opens a mapping and reports the keys that it can't have.
    pub(crate) fn open(
        what: impl Into<String>,
        place: Span,
        node: &'a Node,
        known: &[&str],
        out: &mut Diagnostics,
    ) -> Option<Self> {
        let what = what.into();
        let entries = map(&what, node, out)?;
        for entry in entries {
            let key = &entry.key;
            if !known.contains(&key.value.as_str()) {
                out.push(
                    Diagnostic::new(&UNKNOWN_KEY, format!("{what} has no key `{}`", key.value))
                        .at(key.span, "unknown key")
                        .help(suggest(&key.value, known.iter().copied(), "known keys")),
                );
            }
        }
        Some(Self {
            what,
            place,
            entries,
        })
    }

    /// A mapping that was opened before, of which these entries are left.
    pub(crate) fn of(what: impl Into<String>, place: Span, entries: &'a [Entry]) -> Self {
        Self {
            what: what.into(),
            place,
            entries,
        }
    }

    /// The entry with this key; a key without a value counts as absent.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Entry> {
        let entry = self.entries.iter().find(|e| e.key.value == key)?;
        (!matches!(entry.node.value, Value::Null)).then_some(entry)
    }

    /// The place of a key, with a value or without.
    pub(super) fn written(&self, key: &str) -> Option<Span> {
        let entry = self.entries.iter().find(|e| e.key.value == key)?;
        Some(entry.key.span)
    }

    /// Entry of a key; reports a key without a value: for settings that must not be left out by mistake.
    pub(super) fn meant(&self, key: &str, out: &mut Diagnostics) -> Option<&'a Entry> {
        let found = self.get(key);
        let written = self.entries.iter().find(|e| e.key.value == key);
        if let (None, Some(entry)) = (found, written) {
            out.push(
                Diagnostic::new(&MISSING_KEY, format!("`{key}` of {} is empty", self.what))
                    .at(entry.key.span, "holds nothing"),
            );
        }
        found
    }

    /// Entry of a key; reports its absence.
    pub(crate) fn require(&self, key: &str, out: &mut Diagnostics) -> Option<&'a Entry> {
        let found = self.get(key);
        if found.is_none() {
            out.push(
                Diagnostic::new(&MISSING_KEY, format!("{} has no `{key}`", self.what))
                    .at(self.place, format!("`{key}` is missing here")),
            );
        }
        found
    }

    /// Reports a list or mapping that is there but holds nothing.
    pub(crate) fn filled(&self, key: &str, empty: bool, entry: &Entry, out: &mut Diagnostics) {
        let nothing = match &entry.node.value {
            Value::List(items) => items.is_empty(),
            Value::Map(entries) => empty && entries.iter().all(|e| is_empty(&e.node)),
            _ => false,
        };
        if nothing {
            out.push(
                Diagnostic::new(&MISSING_KEY, format!("`{key}` of {} is empty", self.what))
                    .at(entry.key.span, "holds nothing"),
            );
        }
    }

    /// Text.
    pub(crate) fn text(&self, key: &str, out: &mut Diagnostics) -> Option<Text> {
        text(&format!("`{key}`"), &self.get(key)?.node, out)
    }

    /// The place of a key that says `true`.
    pub(super) fn flag(&self, key: &str, out: &mut Diagnostics) -> Option<Span> {
        let entry = self.get(key)?;
        let flags = [("true", true), ("false", false)];
        let flag = word(&format!("`{key}`"), &entry.node, &flags, out)?;
        flag.value.then_some(entry.key.span)
    }

    /// A whole number within bounds.
    pub(super) fn count(
        &self,
        key: &str,
        bounds: RangeInclusive<u64>,
        out: &mut Diagnostics,
    ) -> Option<Located<u64>> {
        let expected = "a whole number such as 50_000";
        number(
            key,
            &self.get(key)?.node,
            expected,
            count,
            bounds,
            &grouped,
            out,
        )
    }

    /// A number of bytes within bounds.
    pub(super) fn size(
        &self,
        key: &str,
        bounds: RangeInclusive<u64>,
        out: &mut Diagnostics,
    ) -> Option<Located<u64>> {
        let expected = "a size such as 64KiB, 16MiB or 1GiB";
        number(
            key,
            &self.get(key)?.node,
            expected,
            size,
            bounds,
            &names::size,
            out,
        )
    }

    /// A share in percent within bounds; `off` is all of it.
    pub(super) fn share(
        &self,
        key: &str,
        bounds: RangeInclusive<u64>,
        out: &mut Diagnostics,
    ) -> Option<Located<u64>> {
        let expected = "a share such as 50%, or off";
        number(
            key,
            &self.get(key)?.node,
            expected,
            share,
            bounds,
            &|percent| format!("{percent}%"),
            out,
        )
    }

    /// A time in milliseconds within bounds.
    pub(super) fn duration(
        &self,
        key: &str,
        bounds: RangeInclusive<u64>,
        out: &mut Diagnostics,
    ) -> Option<Located<u64>> {
        let expected = "a time such as 500ms, 1s or 1m";
        number(
            key,
            &self.get(key)?.node,
            expected,
            duration,
            bounds,
            &show_duration,
            out,
        )
    }
}

fn is_empty(node: &Node) -> bool {
    matches!(&node.value, Value::List(items) if items.is_empty())
}

/// The entries of a mapping.
pub(super) fn map<'a>(what: &str, node: &'a Node, out: &mut Diagnostics) -> Option<&'a [Entry]> {
    match &node.value {
        Value::Map(entries) => Some(entries),
        _ => {
            out.push(wrong(what, "a mapping of keys to values", node));
            None
        }
    }
}

/// Text.
pub(super) fn text(what: &str, node: &Node, out: &mut Diagnostics) -> Option<Text> {
    match &node.value {
        Value::Scalar(text) => Some(text.clone()),
        _ => {
            out.push(wrong(what, "text", node));
            None
        }
    }
}

/// One text, or a list of them.
pub(crate) fn texts(what: &str, node: &Node, out: &mut Diagnostics) -> Vec<Text> {
    match &node.value {
        Value::Scalar(text) => vec![text.clone()],
        Value::List(items) => items.iter().filter_map(|i| text(what, i, out)).collect(),
        _ => {
            out.push(wrong(what, "a list", node));
            Vec::new()
        }
    }
}

/// One of several words.
pub(crate) fn word<T: Copy>(
    what: &str,
    node: &Node,
    words: &[(&str, T)],
    out: &mut Diagnostics,
) -> Option<Located<T>> {
    let text = text(what, node, out)?;
    let found = words.iter().find(|(word, _)| *word == text.value);
    if found.is_none() {
        out.push(
            Diagnostic::new(&WRONG_TYPE, format!("{what} can't be `{}`", text.value))
                .at(text.span, "no such word here")
                .help(suggest(
                    &text.value,
                    words.iter().map(|(w, _)| *w),
                    "known words",
                )),
        );
    }
    found.map(|(_, value)| Located {
        value: *value,
        span: text.span,
    })
}

/// Diagnostic of a value of the wrong type.
pub(crate) fn wrong(what: &str, expected: &str, node: &Node) -> Diagnostic {
    let found = match &node.value {
        Value::Null => "nothing",
        Value::Scalar(_) => "a single value",
        Value::List(_) => "a list",
        Value::Map(_) => "a mapping",
    };
    Diagnostic::new(
        &WRONG_TYPE,
        format!("{what} must be {expected}, not {found}"),
    )
    .at(node.span, format!("this is {found}"))
}

/// A number in some form and within bounds.
pub(super) fn number(
    key: &str,
    node: &Node,
    expected: &str,
    parse: fn(&str) -> Option<u64>,
    bounds: RangeInclusive<u64>,
    show: &dyn Fn(u64) -> String,
    out: &mut Diagnostics,
) -> Option<Located<u64>> {
    let Value::Scalar(text) = &node.value else {
        out.push(wrong(&format!("`{key}`"), expected, node));
        return None;
    };
    let Some(value) = parse(&text.value) else {
        let message = format!("`{key}` must be {expected}, not `{}`", text.value);
        out.push(Diagnostic::new(&WRONG_TYPE, message).at(text.span, "can't be read"));
        return None;
    };
    if !bounds.contains(&value) {
        let (low, high) = (show(*bounds.start()), show(*bounds.end()));
        out.push(
            Diagnostic::new(&OUT_OF_BOUNDS, format!("`{key}` is out of bounds"))
                .at(text.span, format!("from {low} to {high}")),
        );
        return None;
    }
    Some(Located {
        value,
        span: text.span,
    })
}

/// A whole number, perhaps grouped.
pub(super) fn count(text: &str) -> Option<u64> {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    let grouped = text.starts_with(|c: char| c.is_ascii_digit()) && !text.ends_with('_');
    let plain = digits.chars().all(|c| c.is_ascii_digit());
    (grouped && plain).then(|| digits.parse().ok()).flatten()
}

/// A number of bytes, with or without a unit.
pub(super) fn size(text: &str) -> Option<u64> {
    let (digits, factor) = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]
        .into_iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))
        .unwrap_or((text, 1));
    count(digits.trim_end())?.checked_mul(factor)
}

fn share(text: &str) -> Option<u64> {
    match text {
        "off" => Some(100),
        _ => count(text.strip_suffix('%')?.trim_end()),
    }
}

/// An hour and a day, in milliseconds.
pub(super) const HOUR: u64 = 3_600_000;
pub(super) const DAY: u64 = 24 * HOUR;

fn duration(text: &str) -> Option<u64> {
    let units = [
        ("ms", 1),
        ("s", 1000),
        ("m", 60_000),
        ("h", HOUR),
        ("d", DAY),
    ];
    let (digits, factor) = units
        .into_iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    count(digits.trim_end())?.checked_mul(factor)
}

fn show_duration(ms: u64) -> String {
    [("d", DAY), ("h", HOUR), ("m", 60_000), ("s", 1000)]
        .into_iter()
        .find(|(_, factor)| ms >= *factor && ms.is_multiple_of(*factor))
        .map_or_else(
            || format!("{ms}ms"),
            |(unit, factor)| format!("{}{unit}", ms / factor),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        assert_eq!(count("50_000"), Some(50_000));
        assert_eq!(count("_5"), None);
        assert_eq!(count("-5"), None);
        assert_eq!(size("16MiB"), Some(16 << 20));
        assert_eq!(size("64 KiB"), Some(64 << 10));
        assert_eq!(size("16MB"), None);
        assert_eq!(size("99999999999GiB"), None);
        assert_eq!(duration("500ms"), Some(500));
        assert_eq!(duration("1m"), Some(60_000));
        assert_eq!(duration("2h"), Some(7_200_000));
        assert_eq!(duration("7d"), Some(7 * DAY));
        assert_eq!(duration("10"), None);
        assert_eq!(names::size(1 << 30), "1GiB");
        assert_eq!(show_duration(60_000), "1m");
    }
}
