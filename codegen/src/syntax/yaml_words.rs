//! What the parser of YAML says, in words that name the place to edit.

/// What is wrong, what would be right, and where it is, in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) what: String,
    pub(super) help: Option<&'static str>,
    pub(super) place: std::ops::Range<usize>,
}

/// Number of lines above a mistake in which its cause is looked for.
const ABOVE: usize = 8;

/// Puts what the parser says of the byte at `at` into other words, if they are better.
pub(super) fn told(said: &str, text: &str, at: usize) -> Told {
    let at = (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    let here = at..text.len().min(
        at + text
            .get(at..)
            .and_then(|t| t.chars().next())
            .map_or(1, char::len_utf8),
    );
    let with = |what: &str, help: &'static str, place: std::ops::Range<usize>| Told {
        what: what.to_owned(),
        help: Some(help),
        place,
    };
    let open = open_before(text, at);
    let says = |words: &str| said.contains(words);
    if let Some((place, mark)) = open.filter(|_| !says("anchor") && !says("unexpected character")) {
        let what = format!("`{mark}` is opened here and not closed");
        let help = match mark {
            '{' => "close it with `}`",
            '[' => "close it with `]`",
            _ => "close the quotes on the same line",
        };
        return with(&what, help, place..place + 1);
    }
    if says("tabs disallowed") || says("found a tab") {
        let tab = text.get(at..).and_then(|rest| rest.find("\n\t"));
        let place = tab.map_or(here, |found| at + found + 1..at + found + 2);
        return with("a line is indented with a tab", "indent with spaces", place);
    }
    if says("unexpected ':'") {
        let help = "write a value behind the colon and a space, or leave the key out";
        return with("a value is missing", help, here);
    }
    if says("simple key expect") || says("could not find expected ':'") {
        let help = "write `key: value`, with a space behind the colon; a key that begins with `*` is written in quotes";
        let place = without_colon(text, at).unwrap_or(here);
        return with("this line is no `key: value`", help, place);
    }
    if says("mapping values are not allowed") {
        let help = "begin it at the column of the line above if it belongs beside it; write a value with `: ` in quotes";
        return with("this key stands below or behind a value", help, here);
    }
    if says("block mapping, did not find expected key") || says("expected '-' indicator") {
        let help = "entries that belong together begin at the same column";
        return with(
            "this line doesn't begin where the entries above begin",
            help,
            here,
        );
    }
    if says("anchor") {
        let help = "in YAML `*` refers to an anchor: in quotes, as `\"*\"`, it is a star";
        return with("there is no such anchor", help, here);
    }
    if says("unexpected character") || says("block scalar") {
        let help = "write the value in quotes, or what is missing in front of it";
        return with("a value can't begin with this character", help, here);
    }
    Told {
        what: said.to_owned(),
        help: None,
        place: here,
    }
}

/// The last line up to a place, a few above at most, that is no comment and has no colon behind a key.
fn without_colon(text: &str, at: usize) -> Option<std::ops::Range<usize>> {
    let mut end = text
        .get(at..)?
        .find('\n')
        .map_or(text.len(), |found| at + found);
    for _ in 0..ABOVE {
        let start = text.get(..end)?.rfind('\n').map_or(0, |found| found + 1);
        let line = text.get(start..end)?;
        let words = line.trim();
        let has_colon = words.contains(": ") || words.ends_with(':');
        let is_bare = words.starts_with(['*', '&', '@']) || !has_colon;
        if !words.is_empty() && !words.starts_with(['#', '-']) && is_bare {
            let indent = line.len() - line.trim_start().len();
            return Some(start + indent..start + indent + words.len());
        }
        end = start.checked_sub(1)?;
    }
    None
}

/// The last bracket or quotation mark, a few lines above a place at most, that isn't closed on its line.
fn open_before(text: &str, at: usize) -> Option<(usize, char)> {
    let before = text.get(..at)?;
    let starts: Vec<usize> = before.match_indices('\n').map(|(at, _)| at + 1).collect();
    let first = starts
        .len()
        .checked_sub(ABOVE)
        .and_then(|at| starts.get(at))
        .copied()
        .unwrap_or(0);
    let mut found = None;
    let mut start = first;
    for line in text.get(first..)?.split_inclusive('\n') {
        if start > at {
            break;
        }
        let open = open_in(line);
        match open {
            Some((place, mark)) => found = Some((start + place, mark)),
            // A bracket of a line above is closed here.
            None if line.trim_start().starts_with([']', '}']) => found = None,
            None => {}
        }
        start += line.len();
    }
    found
}

/// What a line opens and doesn't close.
fn open_in(line: &str) -> Option<(usize, char)> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut quote: Option<(usize, char)> = None;
    let mut last = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (Some((_, mark)), c) if c == mark => quote = None,
            (Some(_), _) => {}
            (None, '#') if last.is_whitespace() => break,
            // Inside of a word, an apostrophe is a letter.
            (None, '"' | '\'') if !last.is_alphanumeric() => quote = Some((at, c)),
            (None, '{' | '[') => open.push((at, c)),
            (None, '}' | ']') => drop(open.pop()),
            _ => {}
        }
        last = c;
    }
    quote.or(open.pop())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_found_above() {
        let text = "a: { b: 1\nc: 2\n";
        assert_eq!(open_before(text, 12), Some((3, '{')));
        assert_eq!(open_before("a: { b: \"{\" }\nc: it's\n", 20), None);
    }

    #[test]
    fn a_line_without_a_colon_is_found_above() {
        let text = "a: 1\nb 2\n# c\nd: 3\n";
        assert_eq!(without_colon(text, 13), Some(5..8));
    }
}
