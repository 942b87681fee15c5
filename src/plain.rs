//! Plain text: what others wrote, for a terminal or a line of the log, without characters that drive either.

use std::borrow::Cow;

/// True for a character that makes a terminal do something, begins a line, or turns the direction of what follows.
fn drives(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text on one line, with a space in place of each character that drives a terminal.
pub fn one_line(text: &str) -> String {
    let printable = |c: char| if drives(c) { ' ' } else { c };
    text.chars().map(printable).collect()
}

/// The text with the characters that drive a terminal escaped as in JSON, but for the ends of its lines and tabs. JSON stays
/// the same JSON.
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c, _| matches!(c, '\n' | '\t'))
}

/// A line of the log, escaped in the same way, line breaks too, but for the one at its end. With colours, the sequences
/// that choose one stay.
pub fn log_line(line: &str, colours: bool) -> Cow<'_, str> {
    let (text, end) = match line.strip_suffix('\n') {
        Some(text) => (text, "\n"),
        None => (line, ""),
    };
    match escaped(text, |c, after| colours && c == '\x1b' && is_colour(after)) {
        Cow::Borrowed(_) => Cow::Borrowed(line),
        Cow::Owned(text) => Cow::Owned(text + end),
    }
}

/// Escapes characters that drive a terminal, unless they are to be kept, before what comes after them.
fn escaped(text: &str, keep: impl Fn(char, &str) -> bool) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    for (at, c) in text.char_indices().filter(|(_, c)| drives(*c)) {
        let end = at + c.len_utf8();
        if keep(c, text.get(end..).unwrap_or_default()) {
            continue;
        }
        out.push_str(text.get(copied..at).unwrap_or_default());
        out.push_str(&format!("\\u{:04x}", u32::from(c)));
        copied = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// True for the rest of a sequence that chooses a colour or a weight.
fn is_colour(after: &str) -> bool {
    let numbers = after.strip_prefix('[').map(|rest| {
        let is_number = |c: char| c.is_ascii_digit() || c == ';';
        rest.trim_start_matches(is_number)
    });
    numbers.is_some_and(|rest| rest.starts_with('m'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drives_a_terminal_is_shown_and_does_nothing() {
        let bad = "a\x1b]0;title\x07\u{9b}2J\u{7f}\r\u{202e}b";
        assert_eq!(one_line(bad), "a ]0;title  2J   b");
        assert_eq!(
            lines(bad),
            "a\\u001b]0;title\\u0007\\u009b2J\\u007f\\u000d\\u202eb"
        );
        assert_eq!(lines("{\n\t\"a\": \"é 日\"\n}"), "{\n\t\"a\": \"é 日\"\n}");
        let json = serde_json::json!({ "text": bad }).to_string();
        let read: serde_json::Value = serde_json::from_str(&lines(&json)).unwrap_or_default();
        assert_eq!(read["text"], bad);
    }

    #[test]
    fn a_line_of_the_log_is_one_line_whatever_is_in_it() {
        let line = "\x1b[31mERROR\x1b[0m text=a\n2026 INFO all is well\x1b[2J\n";
        assert_eq!(
            log_line(line, true),
            "\x1b[31mERROR\x1b[0m text=a\\u000a2026 INFO all is well\\u001b[2J\n"
        );
        assert_eq!(
            log_line("\x1b[31mERROR\n", false),
            "\\u001b[31mERROR\n",
            "without colours there are no sequences"
        );
        assert_eq!(log_line("as it is\n", false), "as it is\n");
    }
}
