//! A text file of the declarations: read, or what keeps it from being read, before any parser complains in its words.

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
    let bytes = match bytes.get(..2) {
        Some([0xFF, 0xFE] | [0xFE, 0xFF]) => {
            let message = format!("`{name}` is written in UTF-16");
            out.push(Diagnostic::new(rule, message).help("save it as UTF-8"));
            return None;
        }
        _ => bytes,
    };
    if bytes.contains(&0) {
        let message = format!("`{name}` is no text: it has bytes of zero");
        let help = "restore it from version control, or save it as text in UTF-8";
        out.push(Diagnostic::new(rule, message).help(help));
        return None;
    }
    let valid = match String::from_utf8(bytes) {
        Ok(text) => {
            let file = sources.add(name, text.as_str());
            return match marker(&text) {
                Some((start, end)) => {
                    let message = format!("the merge of `{name}` isn't finished");
                    let marked = Diagnostic::new(rule, message);
                    out.push(marked.at(Span::new(file, start, end), "left by git").help(
                        "decide what is to stay between the lines `<<<<<<<` and `>>>>>>>`, and delete these lines",
                    ));
                    None
                }
                None => Some(file),
            };
        }
        Err(error) => error,
    };
    let at = valid.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(valid.as_bytes()).into_owned();
    let file = sources.add(name, text);
    let message = format!("`{name}` is not written in UTF-8");
    let place = Span::new(file, at, at + char::REPLACEMENT_CHARACTER.len_utf8());
    out.push(
        Diagnostic::new(rule, message)
            .at(place, "no character in UTF-8")
            .help("save it as UTF-8; it looks like another encoding, such as Latin-1"),
    );
    None
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
