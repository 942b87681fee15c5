//! Tokens of an SQL expression.

use std::ops::Range;

/// A token and its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// Its kind.
    pub(super) kind: Kind,
}

/// Kind of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word: a name, a function or a keyword.
    Word,
    /// A name between backticks or double quotes, without them.
    Quoted(String),
    /// A number.
    Number,
    /// A text between single quotes.
    Text,
    /// An operator, a parenthesis, a bracket or a comma.
    Symbol(&'static str),
}

/// Text that can't be part of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// The place.
    pub(crate) range: Range<usize>,
    /// A few words on what is wrong there.
    pub(crate) why: String,
}

/// Symbols; longer ones before those that they begin with.
const SYMBOLS: [&str; 21] = [
    "||", "==", "!=", "<>", "<=", ">=", "::", "->", "=", "<", ">", "+", "-", "*", "/", "%", "(",
    ")", "[", "]", ",",
];

/// All tokens of a text.
pub(super) fn tokens(sql: &str) -> Result<Vec<Token>, Unreadable> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = sql.get(at..).and_then(|rest| rest.chars().next()) {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let token = token(sql, at, first)?;
        at = token.range.end;
        tokens.push(token);
    }
    Ok(tokens)
}

fn token(sql: &str, at: usize, first: char) -> Result<Token, Unreadable> {
    let rest = sql.get(at..).unwrap_or_default();
    let token = |length: usize, kind| Token {
        range: at..at + length,
        kind,
    };
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if first.is_ascii_alphabetic() || first == '_' {
        // The path of a part of a column is one word with it.
        let path = |c: char| word(c) || c == '.';
        return Ok(token(
            rest.find(|c| !path(c)).unwrap_or(rest.len()),
            Kind::Word,
        ));
    }
    if first.is_ascii_digit() {
        let number = |c: char| word(c) || c == '.';
        let length = rest.find(|c| !number(c)).unwrap_or(rest.len());
        let digits = rest.get(..length).unwrap_or_default();
        if digits.parse::<f64>().is_err() {
            let why = "neither a number nor a name".to_owned();
            return Err(Unreadable {
                range: at..at + length,
                why,
            });
        }
        return Ok(token(length, Kind::Number));
    }
    if matches!(first, '\'' | '`' | '"') {
        let Some((text, length)) = quoted(rest, first) else {
            let why = "this quote is never closed".to_owned();
            return Err(Unreadable {
                range: at..at + 1,
                why,
            });
        };
        let kind = match first {
            '\'' => Kind::Text,
            _ => Kind::Quoted(text),
        };
        return Ok(token(length, kind));
    }
    let comment = ["--", "/*", "#"]
        .iter()
        .any(|start| rest.starts_with(start));
    match SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
        Some(symbol) if !comment => Ok(token(symbol.len(), Kind::Symbol(symbol))),
        _ => {
            let why = match (comment, first) {
                (true, _) => "an expression has no comments",
                (_, ';') => "an expression, not a statement",
                _ => "not part of an expression",
            };
            Err(Unreadable {
                range: at..at + first.len_utf8(),
                why: why.to_owned(),
            })
        }
    }
}

/// What stands between quotes, and the length with them; none if they aren't closed.
fn quoted(rest: &str, quote: char) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            text.push(chars.next()?.1);
        } else if c != quote {
            text.push(c);
        } else if chars.peek().is_some_and(|(_, next)| *next == quote) {
            chars.next();
            text.push(quote);
        } else {
            return Some((text, at + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn quotes_end_where_they_are_closed() {
        let kinds = |sql: &str| -> Vec<Kind> {
            let tokens = tokens(sql).unwrap();
            tokens.into_iter().map(|token| token.kind).collect()
        };
        let quoted = |text: &str| Kind::Quoted(text.to_owned());
        assert_eq!(
            kinds(r"`a``b` 'it''s' 'a\'b'"),
            [quoted("a`b"), Kind::Text, Kind::Text]
        );
        assert_eq!(tokens("f('a)").unwrap_err().range, 2..3);
        assert_eq!(tokens("a -- b").unwrap_err().range, 2..3);
        assert_eq!(tokens("a; b").unwrap_err().range, 1..2);
    }
}
