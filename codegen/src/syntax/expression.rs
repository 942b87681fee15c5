//! Column expressions as written: a path, and the functions that its value goes through.
//!
//! ```text
//! expression = path { "|" call }
//! path       = [ "$" ] name { "." ( name | text ) } | text
//! call       = name [ "(" argument { "," argument } ")" ]
//! argument   = path
//! text       = '"' characters but for '"' '"'
//! ```
//!
//! Text in the place of a path is a constant; as a part of one it is a key such as `"~campaign"`.

use std::ops::Range;

/// A parsed expression.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    /// Root: `header`, `$now`; of a constant its text.
    pub(crate) root: Word,
    /// True if it is a constant: text in quotes, which nothing follows but functions.
    pub(crate) constant: bool,
    /// The names after the root.
    pub(crate) path: Vec<Word>,
    /// The functions, first to last.
    pub(crate) calls: Vec<Call>,
}

/// A name and the bytes that it takes in the text.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    /// The name, with its `$` and without quotes.
    pub(crate) text: String,
    /// Its place in the expression's text, quotes included.
    pub(crate) range: Range<usize>,
}

/// A function and its arguments.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The function's name.
    pub(crate) name: Word,
    /// Arguments in the parentheses.
    pub(crate) arguments: Vec<Argument>,
}

/// An argument and its place.
#[derive(Debug, Clone)]
pub(crate) struct Argument {
    /// The text in quotes, or the path as it is written.
    pub(crate) text: String,
    /// True if it stood in quotes.
    pub(crate) quoted: bool,
    /// The names of a path, root first; empty for text in quotes.
    pub(crate) path: Vec<Word>,
    /// Its place in the expression's text.
    pub(crate) range: Range<usize>,
}

/// Syntax error, and its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// Expected syntax.
    pub(crate) expected: &'static str,
    /// The place in the expression's text.
    pub(crate) range: Range<usize>,
}

/// Reads an expression.
pub(crate) fn parse(text: &str) -> Result<Expression, Unreadable> {
    let mut cursor = Cursor { text, at: 0 };
    let expected = "a path such as `header.userId` or `$now`";
    let (constant, mut path) = cursor.path(expected)?;
    let root = path.remove(0);
    let mut calls = Vec::new();
    while cursor.take('|') {
        calls.push(cursor.call()?);
    }
    cursor.skip_space();
    if cursor.at < text.len() {
        return Err(cursor.unreadable("`.`, `|` or the end of the expression"));
    }
    Ok(Expression {
        root,
        constant,
        path,
        calls,
    })
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

// === impl Expression ===

impl Expression {
    /// The place of the path, root included.
    pub(crate) fn path_range(&self) -> Range<usize> {
        let end = self
            .path
            .last()
            .map_or(self.root.range.end, |w| w.range.end);
        self.root.range.start..end
    }

    /// The names after the root.
    pub(crate) fn names(&self) -> Vec<String> {
        self.path.iter().map(|w| w.text.clone()).collect()
    }
}

// === impl Cursor ===

impl Cursor<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, wanted: char) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn word(&mut self, expected: &'static str, dollar: bool) -> Result<Word, Unreadable> {
        self.skip_space();
        let rest = self.rest();
        let sign = usize::from(dollar && rest.starts_with('$'));
        let name = rest.get(sign..).unwrap_or_default();
        let length = name
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(name.len());
        if length == 0 || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(self.unreadable(expected));
        }
        let range = self.at..self.at + sign + length;
        let text = self.text.get(range.clone()).unwrap_or_default().to_owned();
        self.at = range.end;
        Ok(Word { text, range })
    }

    fn call(&mut self) -> Result<Call, Unreadable> {
        let name = self.word("a function's name", false)?;
        let mut arguments = Vec::new();
        if self.take('(') && !self.take(')') {
            loop {
                arguments.push(self.argument()?);
                if self.take(')') {
                    break;
                }
                if !self.take(',') {
                    return Err(self.unreadable("`,` or `)`"));
                }
            }
        }
        Ok(Call { name, arguments })
    }

    fn argument(&mut self) -> Result<Argument, Unreadable> {
        let expected = "text in double quotes, or a path such as `$now`";
        let (quoted, path) = self.path(expected)?;
        let start = path.first().map_or(self.at, |word| word.range.start);
        let end = path.last().map_or(self.at, |word| word.range.end);
        let written = self.text.get(start..end).unwrap_or_default();
        Ok(Argument {
            text: match path.first() {
                Some(text) if quoted => text.text.clone(),
                _ => written.to_owned(),
            },
            quoted,
            path: if quoted { Vec::new() } else { path },
            range: start..end,
        })
    }

    /// The names of a path, at least one; or a constant, and that it is one.
    fn path(&mut self, expected: &'static str) -> Result<(bool, Vec<Word>), Unreadable> {
        if let Some(constant) = self.quoted()? {
            return Ok((true, vec![constant]));
        }
        let mut path = vec![self.word(expected, true)?];
        while self.take('.') {
            path.push(match self.quoted()? {
                Some(key) => key,
                None => self.word("a field's name", false)?,
            });
        }
        Ok((false, path))
    }

    /// Text in double quotes, if that is what comes.
    fn quoted(&mut self) -> Result<Option<Word>, Unreadable> {
        self.skip_space();
        let start = self.at;
        if !self.take('"') {
            return Ok(None);
        }
        let Some(length) = self.rest().find('"') else {
            self.at = start;
            return Err(self.unreadable("a closing quote"));
        };
        let text = self.rest().get(..length).unwrap_or_default().to_owned();
        self.at += length + 1;
        Ok(Some(Word {
            text,
            range: start..self.at,
        }))
    }

    fn unreadable(&self, expected: &'static str) -> Unreadable {
        let next = self.rest().chars().next().map_or(0, char::len_utf8);
        Unreadable {
            expected,
            range: self.at..self.at + next,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_expression_is_a_path_and_functions() {
        let text = r#"body.a.b | datetime("%H|%M", "Asia/Kolkata") | not_after($now)"#;
        let read = parse(text).unwrap();
        assert_eq!(read.root.text, "body");
        assert_eq!(read.names(), ["a", "b"]);
        assert_eq!(&text[read.path_range()], "body.a.b");
        let [datetime, not_after] = &read.calls[..] else {
            unreachable!("two functions were written")
        };
        assert_eq!(datetime.arguments[0].text, "%H|%M");
        assert!(datetime.arguments[1].quoted);
        assert_eq!(not_after.arguments[0].text, "$now");
        assert!(!not_after.arguments[0].quoted);
    }

    #[test]
    fn keys_of_any_kind_stand_in_quotes() {
        let text = r#"body.touch."~campaign"."a.b" | coalesce(body."$x".y)"#;
        let read = parse(text).unwrap();
        assert_eq!(read.names(), ["touch", "~campaign", "a.b"]);
        assert_eq!(&text[read.path_range()], r#"body.touch."~campaign"."a.b""#);
        let argument = &read.calls[0].arguments[0];
        assert_eq!(argument.text, r#"body."$x".y"#);
        assert!(!argument.quoted);
        let names: Vec<&str> = argument.path.iter().map(|w| w.text.as_str()).collect();
        assert_eq!(names, ["body", "$x", "y"]);
    }

    #[test]
    fn text_in_quotes_is_a_constant() {
        let read = parse(r#""USER" | low_cardinality"#).unwrap();
        assert!(read.constant && read.path.is_empty());
        assert_eq!(read.root.text, "USER");
        assert!(!parse("body").unwrap().constant);
        assert!(parse(r#""a".b"#).is_err());
    }

    #[test]
    fn what_is_unreadable_has_a_place() {
        for (text, at) in [
            ("", 0),
            ("header.", 7),
            ("a b", 2),
            ("a | f(\"x)", 6),
            ("a | 1", 4),
            ("a.\"b", 2),
        ] {
            assert_eq!(parse(text).unwrap_err().range.start, at, "{text}");
        }
    }
}
