//! Numbers and names that proto files reserve, so that nothing else gets them.

use super::facts::{Contracts, Facts};
use super::kind::{Harm, Kind, NONE, PLAIN, at};
use crate::base::refusal::Place;
use crate::model::Model;
use crate::rules::contracts::RESERVED_AGAIN;

/// A number or a name that nothing else may get.
pub(super) const RESERVED: Kind = Kind {
    word: "reserved",
    names: 2,
    rule: &RESERVED_AGAIN,
    title: |s| format!("`reserved {}` of `{}`", at(s, 1), at(s, 0)),
    place: |s| Place::Type(at(s, 0).to_owned()),
    part_of: |s| vec![format!("message {}", at(s, 0))],
    gone: Some(Harm {
        senders: "apps that are installed may still send it, and its bytes would be read as something else",
        messages: "so do messages that wait and letters",
        instead: "put it back; a new field gets a number and a name of its own",
        ..NONE
    }),
    ..PLAIN
};

pub(super) fn add(model: &Model, facts: &mut Facts) {
    for message in model.pool.all_messages() {
        let proto = message.descriptor_proto();
        for range in &proto.reserved_range {
            // The end of a message's range is exclusive.
            let (start, end) = (range.start(), range.end().saturating_sub(1));
            facts.add(&RESERVED, &[message.full_name(), &span(start, end)], "");
        }
        for name in &proto.reserved_name {
            facts.add(&RESERVED, &[message.full_name(), name], "");
        }
    }
    for values in model.pool.all_enums() {
        let proto = values.enum_descriptor_proto();
        for range in &proto.reserved_range {
            // That of an enum's range is inclusive.
            let of = span(range.start(), range.end());
            facts.add(&RESERVED, &[values.full_name(), &of], "");
        }
        for name in &proto.reserved_name {
            facts.add(&RESERVED, &[values.full_name(), name], "");
        }
    }
}

fn span(start: i32, end: i32) -> String {
    match start == end {
        true => start.to_string(),
        false => format!("{start}..{end}"),
    }
}

/// True if what the key of a fact reserves isn't reserved by these facts, in whichever ranges.
pub(crate) fn lifted(key: &str, now: &Contracts) -> bool {
    let Some((of, what)) = key.rsplit_once(' ') else {
        return false;
    };
    let Some((mut start, end)) = range(what) else {
        return !now.contains_key(key);
    };
    let mut ranges: Vec<(i64, i64)> = now
        .range(format!("{of} ")..)
        .map_while(|(other, _)| other.strip_prefix(of)?.strip_prefix(' ').map(range))
        .flatten()
        .collect();
    ranges.sort_unstable();
    for (from, to) in ranges {
        if from <= start && start <= to {
            start = to + 1;
        }
    }
    start <= end
}

/// True if a number of a message or an enum is reserved.
pub(crate) fn number(of: &str, number: i64, now: &Contracts) -> bool {
    !lifted(&format!("reserved {of} {number}"), now)
}

fn range(what: &str) -> Option<(i64, i64)> {
    if let Ok(one) = what.parse() {
        return Some((one, one));
    }
    let (start, end) = what.split_once("..")?;
    Some((start.parse().ok()?, end.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_may_be_written_otherwise_but_not_lifted() {
        let now = |of: &[&str]| -> Contracts {
            let keys = of.iter().map(|of| format!("reserved a.B {of}"));
            keys.map(|key| (key, String::new())).collect()
        };
        let is = |what: &str, of: &[&str]| lifted(&format!("reserved a.B {what}"), &now(of));
        assert!(!is("7", &["7"]));
        assert!(!is("7", &["5..9"]));
        assert!(!is("5..9", &["7..9", "5", "6"]));
        assert!(is("5..9", &["7..9", "5"]));
        assert!(is("7", &[]));
        assert!(is("old", &["7"]));
        assert!(!is("old", &["old"]));
        assert!(number("a.B", 6, &now(&["5..9"])));
        assert!(!number("a.B", 6, &now(&["66"])));
    }
}
