//! Tokens of a filter, each with its place.

use std::fmt;

/// Error in a filter, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Place in the expression: the number of characters before it.
    pub at: usize,
    /// What is wrong there, and what would be right.
    pub what: String,
}

/// Token of a filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A path, or a word.
    Path(Vec<String>),
    Number(serde_json::Number),
    Text(String),
    /// An operator or a parenthesis.
    Sign(&'static str),
}

/// Signs, the longer ones first.
const SIGNS: [&str; 9] = ["==", "!=", "<=", ">=", "<", ">", "(", ")", "="];

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "character {}: {}", self.at + 1, self.what)
    }
}

impl std::error::Error for Wrong {}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Path(path) => write!(f, "`{}`", path.join(".")),
            Token::Number(number) => write!(f, "the number {number}"),
            Token::Text(text) => write!(f, "the text \"{text}\""),
            Token::Sign(sign) => write!(f, "`{sign}`"),
        }
    }
}

/// Tokens of an expression, with their places.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Wrong> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let all = text.chars().count();
    loop {
        rest = rest.trim_start();
        let at = all - rest.chars().count();
        let Some(first) = rest.chars().next() else {
            return Ok(tokens);
        };
        let token = match first {
            '"' | '\'' => quoted(&mut rest, first, at)?,
            '-' | '0'..='9' => number(&mut rest, at)?,
            c if is_name(c) => path(&mut rest, at)?,
            _ => sign(&mut rest, at)?,
        };
        tokens.push((at, token));
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || "_$-@".contains(c)
}

fn quoted(rest: &mut &str, quote: char, at: usize) -> Result<Token, Wrong> {
    let mut text = String::new();
    let mut chars = rest.chars();
    chars.next();
    loop {
        match chars.next() {
            None => {
                let what = format!("this text has no end; it needs another {quote}");
                return Err(Wrong { at, what });
            }
            Some('\\') => text.extend(chars.next()),
            Some(c) if c == quote => break,
            Some(c) => text.push(c),
        }
    }
    *rest = chars.as_str();
    Ok(Token::Text(text))
}

fn number(rest: &mut &str, at: usize) -> Result<Token, Wrong> {
    let is_part = |c: char| c.is_alphanumeric() || "+-._".contains(c);
    let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let (text, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
    *rest = after;
    match serde_json::from_str(text) {
        Ok(number) => Ok(Token::Number(number)),
        Err(_) => Err(Wrong {
            at,
            what: format!("`{text}` is no number; a text is in quotes: \"{text}\""),
        }),
    }
}

fn path(rest: &mut &str, at: usize) -> Result<Token, Wrong> {
    let end = rest.find(|c| !is_name(c) && c != '.').unwrap_or(rest.len());
    let (text, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
    *rest = after;
    let path: Vec<String> = text.split('.').map(str::to_owned).collect();
    if path.iter().any(String::is_empty) {
        let what =
            format!("`{text}` is no path; one is names with a dot between them: header.userId");
        return Err(Wrong { at, what });
    }
    Ok(Token::Path(path))
}

fn sign(rest: &mut &str, at: usize) -> Result<Token, Wrong> {
    let found = SIGNS.iter().find(|sign| rest.starts_with(**sign));
    let Some(sign) = found else {
        let c = rest.chars().next().unwrap_or_default();
        let what = format!("`{c}` has no meaning here; conditions are joined by `and` and `or`");
        return Err(Wrong { at, what });
    };
    *rest = rest.get(sign.len()..).unwrap_or_default();
    Ok(Token::Sign(match *sign {
        "=" => "==",
        sign => sign,
    }))
}
