//! Finds what a Rust file imports, by its tokens: comments and strings don't count, `use` groups and `super` do.

use super::tree::File;

/// One path that leads out of a module.
#[derive(Debug, PartialEq)]
pub(super) struct Import {
    pub(super) line: usize,
    /// The first name that follows `crate`, or the name of the other crate.
    pub(super) name: String,
    pub(super) of_this_crate: bool,
}

/// Paths of the file that begin at the top of its own crate, or with the name of another one.
pub(super) fn imports(file: &File) -> Vec<Import> {
    let tokens = tokens(&file.text);
    let word = |at: usize| tokens.get(at).map_or("", |token| token.1);
    let is_name = |at: usize| word(at).starts_with(|c: char| c.is_alphabetic() || c == '_');
    let mut found = Vec::new();
    let mut inner = Vec::new();
    let mut braces = 0;
    for (at, &(line, token)) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).map_or("", word);
        let (of_this_crate, names) = match token {
            "{" => {
                braces += 1;
                if at >= 2 && word(at - 2) == "mod" {
                    inner.push(braces);
                }
                continue;
            }
            "}" => {
                inner.pop_if(|depth| *depth == braces);
                braces -= 1;
                continue;
            }
            "crate" if word(at + 1) == "::" => (true, names_at(&tokens, at + 2)),
            "super" if !(before == "::" && at >= 2 && word(at - 2) == "super") => {
                let supers = (0..).take_while(|n| word(at + 2 * n) == "super").count();
                if word(at + 2 * supers - 1) != "::" || supers < depth(&file.path) + inner.len() {
                    continue;
                }
                (true, names_at(&tokens, at + 2 * supers))
            }
            "::" if is_name(at + 1)
                && !is_name(at.wrapping_sub(1))
                && ![">", ")", "]", "}"].contains(&before) =>
            {
                (false, vec![word(at + 1)])
            }
            "use" if is_name(at + 1) => (false, vec![word(at + 1)]),
            _ => continue,
        };
        let names = names
            .into_iter()
            .filter(|name| of_this_crate || !["crate", "self", "super"].contains(name));
        found.extend(names.map(|name| Import {
            line,
            name: name.to_owned(),
            of_this_crate,
        }));
    }
    found
}

/// The names that a path goes on with: one, or those of a `{…}` group.
fn names_at<'a>(tokens: &[(usize, &'a str)], at: usize) -> Vec<&'a str> {
    let Some(&(_, first)) = tokens.get(at) else {
        return Vec::new();
    };
    if first != "{" {
        return vec![first];
    }
    let mut names = Vec::new();
    let mut depth = 0;
    for pair in tokens[at..].windows(2) {
        match pair[0].1 {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && ["{", ","].contains(&pair[0].1) && pair[1].1 != "}" {
            names.push(pair[1].1);
        }
    }
    names
}

/// Depth of a file's module. `generated/` is mounted at the top like a folder of `src/`.
fn depth(path: &str) -> usize {
    let path = path.strip_prefix("src/").unwrap_or(path);
    let parts = path.split('/').count();
    let is_root = ["mod.rs", "lib.rs", "main.rs"]
        .iter()
        .any(|name| path.ends_with(name));
    parts - usize::from(is_root)
}

/// The words and signs of a Rust text with the lines that they stand on; comments, strings and characters are left out.
pub(super) fn tokens(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, kept) = token(rest, first);
        let (taken, left) = rest.split_at(length);
        if kept {
            found.push((line, taken));
        }
        line += taken.matches('\n').count();
        rest = left;
    }
    found
}

/// The length of what `rest` begins with, and whether it is a token.
fn token(rest: &str, first: char) -> (usize, bool) {
    let until = |end: &str| rest.find(end).map_or(rest.len(), |at| at + end.len());
    if rest.starts_with("//") {
        (until("\n"), false)
    } else if rest.starts_with("/*") {
        (until("*/"), false)
    } else if let Some(length) = raw_string(rest) {
        (length, false)
    } else if first == '"' {
        (1 + quoted(&rest[1..], '"'), false)
    } else if first == '\'' {
        let mut next = rest[1..].chars();
        let is_char = next.next() == Some('\\') || next.next() == Some('\'');
        (
            if is_char {
                1 + quoted(&rest[1..], '\'')
            } else {
                1
            },
            false,
        )
    } else if first.is_alphanumeric() || first == '_' {
        (
            rest.find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len()),
            true,
        )
    } else if rest.starts_with("::") {
        (2, true)
    } else {
        (first.len_utf8(), !first.is_whitespace())
    }
}

/// The length up to and with the next `end` that no backslash stands before.
fn quoted(rest: &str, end: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        if c == end && !escaped {
            return at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

/// The length of a raw string, if `rest` begins with one.
fn raw_string(rest: &str) -> Option<usize> {
    let open = ["r", "br", "cr"]
        .iter()
        .find_map(|prefix| rest.strip_prefix(prefix))?;
    let hashes = open.len() - open.trim_start_matches('#').len();
    let body = open[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(rest.len() - body.len() + length)
}

#[test]
fn every_way_to_name_another_module_is_found() {
    let text = r##"
        //! Not this: crate::comment.
        use crate::{ops::{self, metrics}, sink, worker::Pool};
        use std::fmt;
        mod tests { use super::*; use super::super::broker; }
        use super::ingest;
        fn f<'a>(x: &'a str) -> char { let _ = r#"crate::raw "quoted" "#; '"' }
        pub(crate) fn g() { run(crate::cli::run)("crate::text \" more"); ::prost::decode(); Vec::<u8>::new(); }
        use super::super::{app, contract::Table};
    "##;
    let found = |path: &str| -> Vec<(usize, String)> {
        let file = File {
            path: path.into(),
            text: text.into(),
        };
        imports(&file)
            .into_iter()
            .map(|import| (import.line, import.name))
            .collect()
    };
    let expect = |names: &[(usize, &str)]| {
        names
            .iter()
            .map(|(at, name)| (*at, (*name).to_owned()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found("src/sink/mod.rs"),
        expect(&[
            (3, "ops"),
            (3, "sink"),
            (3, "worker"),
            (4, "std"),
            (5, "broker"),
            (6, "ingest"),
            (8, "cli"),
            (8, "prost"),
            (9, "app"),
            (9, "contract"),
        ])
    );
    assert_eq!(
        found("src/sink/requests.rs"),
        expect(&[
            (3, "ops"),
            (3, "sink"),
            (3, "worker"),
            (4, "std"),
            (8, "cli"),
            (8, "prost"),
            (9, "app"),
            (9, "contract")
        ])
    );
}
