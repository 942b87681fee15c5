//! What became of a lock that isn't whole: cut off, in the middle of a merge, or saved by an editor in another form.

use super::lock::{BadLock, Lock};

/// What is wrong with the file's form; the facts are read after that.
pub(super) fn form(text: &str) -> Result<(), BadLock> {
    let bad = |line: usize, what: &'static str| Err(BadLock::NotWhole { line, what });
    if text.starts_with('\u{feff}') {
        return bad(1, "the file begins with a byte order mark");
    }
    let is_marker = |line: &str| {
        line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") || line == "======="
    };
    if let Some(at) = text.lines().position(is_marker) {
        return bad(at + 1, "the merge of the file isn't finished");
    }
    if !text.is_empty() && !text.ends_with('\n') {
        return bad(
            text.lines().count(),
            "the file ends in the middle of a line",
        );
    }
    Ok(())
}

/// Facts that never come alone: a table with columns has an engine and a sorting key.
pub(super) fn complete(lock: &Lock, text: &str) -> Result<(), BadLock> {
    let is_cut = |table: &crate::store::TableFacts| {
        let keyed = !table.engine.is_empty() && !table.order_by.is_empty();
        !table.columns.is_empty() && !keyed
    };
    match lock.tables.values().any(is_cut) {
        true => Err(BadLock::NotWhole {
            line: text.lines().count(),
            what: "the file ends before its last facts, or lacks some of a table",
        }),
        false => Ok(()),
    }
}
