//! A text file of the declarations: read, or what keeps it from being read, before any parser complains in its words.

use std::ops::Range;
use std::path::Path;

use crate::base::diagnostic::{Diagnostic, Diagnostics, FileId, Sources, Span};
use crate::base::rule::Rule;

/// What git writes into a file that it could not merge.
const MARKERS: [&str; 3] = ["<<<<<<< ", "=======", ">>>>>>> "];

/// Reads a file and adds it to the sources; none if it is no text, or a merge that isn't finished, which is reported.
pub(super) fn read(
    root: &Path,
    name: &str,
    rule: &Rule,
    sources: &mut Sources,
    out: &mut Diagnostics,
) -> Option<FileId> {
    let bytes = match std::fs::read(root.join(name)) {
        Ok(bytes) => bytes,
        Err(error) => {
            let message = format!("`{name}` can't be read: {error}");
            out.push(Diagnostic::new(rule, message));
            return None;
        }
    };
    let text = match text_of(bytes) {
        Ok(text) => text,
        Err(no_text) => {
            let NoText { what, place, .. } = no_text;
            let file = sources.add(name, no_text.shown);
            let place = Span::new(file, place.start, place.end);
            let mistake = Diagnostic::new(rule, format!("`{name}` {what}"));
            out.push(mistake.at(place, no_text.there).help(no_text.help));
            return None;
        }
    };
    let file = sources.add(name, text.as_str());
    let Some((start, end)) = marker(&text) else {
        return Some(file);
    };
    let message = format!("the merge of `{name}` isn't finished");
    let marked = Diagnostic::new(rule, message);
    out.push(marked.at(Span::new(file, start, end), "left by git").help(
        "decide what is to stay between the lines `<<<<<<<` and `>>>>>>>`, and delete these lines",
    ));
    None
}

/// Bytes that are no text in UTF-8, or one that no declaration can hold.
struct NoText {
    /// What is wrong with them, as the end of a sentence.
    what: &'static str,
    /// The file as far as it can be read.
    shown: String,
    /// Where it is wrong there.
    place: Range<usize>,
    /// What is at that place.
    there: &'static str,
    /// What to do.
    help: &'static str,
}

fn text_of(bytes: Vec<u8>) -> Result<String, NoText> {
    const REPLACED: usize = char::REPLACEMENT_CHARACTER.len_utf8();
    let order = match bytes.get(..2) {
        Some([0xFF, 0xFE]) => Some(u16::from_le_bytes as fn([u8; 2]) -> u16),
        Some([0xFE, 0xFF]) => Some(u16::from_be_bytes as fn([u8; 2]) -> u16),
        _ => None,
    };
    if let Some(unit) = order {
        let (pairs, _) = bytes.as_chunks();
        let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        return Err(NoText {
            what: "is written in UTF-16",
            shown: String::from_utf16_lossy(&units),
            place: 0..'\u{FEFF}'.len_utf8(),
            there: "UTF-16 begins so",
            help: "save it as UTF-8",
        });
    }
    if let Some(zero) = bytes.iter().position(|byte| *byte == 0) {
        let (before, _) = bytes.split_at(zero);
        let at = String::from_utf8_lossy(before).len();
        let replaced = char::REPLACEMENT_CHARACTER.to_string();
        return Err(NoText {
            what: "is no text: it has bytes of zero",
            shown: String::from_utf8_lossy(&bytes).replace('\0', &replaced),
            place: at..at + REPLACED,
            there: "a byte of zero",
            help: "restore it from version control, or save it as text in UTF-8",
        });
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        NoText {
            what: "is not written in UTF-8",
            shown: String::from_utf8_lossy(error.as_bytes()).into_owned(),
            place: at..at + REPLACED,
            there: "no character in UTF-8",
            help: "save it as UTF-8; it looks like another encoding, such as Latin-1",
        }
    })
}

/// The first line of a merge that isn't finished.
pub(crate) fn marker(text: &str) -> Option<(usize, usize)> {
    let found = |marker: &str| {
        let mut at = 0;
        text.split_inclusive('\n').find_map(|line| {
            let start = at;
            at += line.len();
            let line = line.trim_end();
            let is = match marker.ends_with(' ') {
                true => line.starts_with(marker),
                false => line == marker,
            };
            is.then_some((start, start + line.len()))
        })
    };
    MARKERS.into_iter().filter_map(found).min()
}
