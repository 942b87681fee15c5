//! Reports unknown fields: counts them by type and name, and logs each name once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::contract::{Block, Table};
use crate::late;
use crate::metrics::workers::UNKNOWN_FIELDS;
use crate::unknown::{CUT, parts};

/// Maximum number of distinct names; the others are counted together.
const NAMES: usize = 64;

/// Label of the others.
const OTHER: &str = "other";

/// Names that were seen, as type and field. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct UnknownFields {
    seen: Arc<Mutex<BTreeSet<(String, String)>>>,
}

impl UnknownFields {
    /// Reports a block's column of unknown fields. It costs nothing if the column is empty.
    pub(super) fn tell(&self, block: &Block) {
        for (field, rows) in block.left_out() {
            late::rows_without(field, *rows);
        }
        for (text, rows) in block.unknown() {
            // This server wrote it, so it is valid.
            let Ok(Value::Object(members)) = serde_json::from_slice(text) else {
                continue;
            };
            for pointer in members.keys().filter(|key| *key != CUT) {
                self.tell_of(block.table(), pointer, rows);
            }
        }
    }

    fn tell_of(&self, table: &'static Table, pointer: &str, rows: u64) {
        let (of_type, field) = name(table, pointer);
        let (of_type, field) = match self.note(&of_type, &field) {
            Noted::Full => (OTHER.to_owned(), OTHER.to_owned()),
            Noted::Known => (of_type, field),
            Noted::New => {
                tracing::warn!(
                    table = table.name,
                    "type" = of_type,
                    field,
                    "This build doesn't know a field that clients send; it is kept in the column of unknown fields."
                );
                (of_type, field)
            }
        };
        UNKNOWN_FIELDS.with([of_type, field]).increment(rows);
    }

    fn note(&self, of_type: &str, field: &str) -> Noted {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (of_type.to_owned(), field.to_owned());
        if seen.contains(&name) {
            return Noted::Known;
        }
        if seen.len() >= NAMES {
            return Noted::Full;
        }
        seen.insert(name);
        Noted::New
    }
}

/// State of a name.
#[derive(Debug, PartialEq, Eq)]
enum Noted {
    New,
    Known,
    Full,
}

/// Type and field of a pointer; list indexes are all the same.
fn name(table: &Table, pointer: &str) -> (String, String) {
    let all: Vec<String> = parts(pointer).collect();
    let of_type = match all.as_slice() {
        [root, variant, _, ..] if root == "event" => variant,
        [root, ..] if root == "body" => table.name,
        [root, ..] => root,
        [] => "",
    };
    let place = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mut field = String::new();
    for part in pointer.split('/').skip(1) {
        field.push('/');
        field.push_str(if place(part) { "*" } else { part });
    }
    // A name may be of any length, a label should not.
    (shortened(of_type), shortened(&field))
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 120;
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_lists_are_one_name_and_names_are_bounded() {
        let fields = UnknownFields::default();
        assert_eq!(fields.note("a", "/event/a/b"), Noted::New);
        assert_eq!(fields.note("a", "/event/a/b"), Noted::Known);
        for at in 1..NAMES {
            assert_eq!(fields.note("a", &at.to_string()), Noted::New);
        }
        assert_eq!(fields.note("a", "one more"), Noted::Full);
        assert_eq!(fields.note("a", "/event/a/b"), Noted::Known);
    }

    #[test]
    fn a_pointer_names_a_type_and_a_field() {
        let table = crate::worker::tests::a_table();
        let name = |pointer| {
            let (of_type, field) = name(table, pointer);
            format!("{of_type} {field}")
        };
        assert_eq!(
            name("/event/addToCart/items/3/#9"),
            "addToCart /event/addToCart/items/*/#9"
        );
        assert_eq!(name("/event/colour"), "event /event/colour");
        assert_eq!(name("/header/tenant"), "header /header/tenant");
        assert_eq!(name("/body/a~1b"), format!("{} /body/a~1b", table.name));
    }
}
