//! What became of a lock that isn't whole: cut off, in the middle of a merge, or saved by an editor in another form.

use std::collections::BTreeMap;

use crate::store::TableFacts;

/// A line, counted from 1, and what is wrong there, as a clause.
pub(super) type Fault = (usize, &'static str);

/// The first line of the file.
pub(super) const HEADING: &str = "# What producers and tables rely on, one fact a line, to the line `# end`. Written by cargo xtask codegen; do not edit.";

/// The last line of the file. Files of former versions of the generator, which have another first line, lack it.
pub(super) const END: &str = "# end";

/// What is wrong with the file's form; the facts are read after that.
pub(super) fn form(text: &str) -> Result<(), Fault> {
    if text.starts_with('\u{feff}') {
        return Err((1, "the file begins with a byte order mark"));
    }
    let is_marker = |line: &str| {
        line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") || line == "======="
    };
    if let Some(at) = text.lines().position(is_marker) {
        return Err((at + 1, "the merge of the file isn't finished"));
    }
    if !text.is_empty() && !text.ends_with('\n') {
        return Err((
            text.lines().count(),
            "the file ends in the middle of a line",
        ));
    }
    if text.lines().next() == Some(HEADING) && text.lines().next_back() != Some(END) {
        let what = "the file ends before its last facts: its last line, `# end`, is missing";
        return Err((text.lines().count(), what));
    }
    Ok(())
}

/// Facts that never come alone: a table with columns has an engine and a sorting key.
pub(super) fn complete(tables: &BTreeMap<String, TableFacts>, text: &str) -> Result<(), Fault> {
    let is_cut = |table: &TableFacts| {
        let keyed = !table.engine.is_empty() && !table.order_by.is_empty();
        !table.columns.is_empty() && !keyed
    };
    let what = "the file ends before its last facts, or lacks some of a table";
    match tables.values().any(is_cut) {
        true => Err((text.lines().count(), what)),
        false => Ok(()),
    }
}
