//! Parser of the SQL expressions that keys are made of: names, literals, calls, operators, tuples and intervals.
//!
//! It reads less than ClickHouse does, and nothing that ClickHouse does not read; `tests/it/clickhouse/keys.rs` holds
//! it to that on a real server.

use std::ops::Range;

use super::tokens::{Kind, Token, Unreadable, tokens};

/// The deepest nesting of an expression.
const DEEPEST: usize = 32;

/// An expression and its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sql {
    /// Its bytes.
    pub(crate) range: Range<usize>,
    /// What it is.
    pub(crate) form: Form,
}

/// Form of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// A column, or a part of one: without quotes.
    Name(String),
    /// A number, a text, NULL, true or false.
    Literal,
    /// A function with the place of its name.
    Call(String, Range<usize>, Vec<Sql>),
    /// An operator between expressions, or before one.
    Operator(&'static str, Vec<Sql>),
    /// Several expressions in parentheses or brackets, or none.
    Tuple(Vec<Sql>),
    /// `INTERVAL 1 HOUR`, with the unit in capital letters.
    Interval(String),
}

/// Reads an expression.
pub(crate) fn parse(sql: &str) -> Result<Sql, Unreadable> {
    let tokens = tokens(sql)?;
    let mut parser = Parser {
        sql,
        tokens: &tokens,
        at: 0,
        depth: 0,
    };
    let expression = parser.expression(0)?;
    match parser.peek() {
        None => Ok(expression),
        Some(token) => {
            let why = match token.kind {
                Kind::Symbol(")" | "]") => "nothing is open that this closes",
                Kind::Symbol(",") => "one expression stands here",
                _ => "an operator is expected here",
            };
            Err(unreadable(token.range.clone(), why))
        }
    }
}

fn unreadable(range: Range<usize>, why: impl Into<String>) -> Unreadable {
    Unreadable {
        range,
        why: why.into(),
    }
}

/// Operators between expressions, and how strongly they bind.
const BETWEEN: [(&str, u8); 20] = [
    ("OR", 1),
    ("AND", 2),
    ("=", 4),
    ("==", 4),
    ("!=", 4),
    ("<>", 4),
    ("<", 4),
    (">", 4),
    ("<=", 4),
    (">=", 4),
    ("LIKE", 4),
    ("IN", 4),
    ("||", 5),
    ("+", 6),
    ("-", 6),
    ("*", 7),
    ("/", 7),
    ("%", 7),
    ("DIV", 7),
    ("MOD", 7),
];

/// How strongly `NOT` binds.
const NOT: u8 = 3;

/// Words that are no names.
const KEYWORDS: [&str; 10] = [
    "OR", "AND", "LIKE", "IN", "DIV", "MOD", "IS", "CASE", "BETWEEN", "AS",
];

const UNITS: [&str; 8] = [
    "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR",
];

struct Parser<'a> {
    sql: &'a str,
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<&'a Token> {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn text(&self, token: &Token) -> &'a str {
        self.sql.get(token.range.clone()).unwrap_or_default()
    }

    /// The next token as a symbol, or as a word in capital letters.
    fn word(&self) -> String {
        match self.peek() {
            Some(Token {
                kind: Kind::Symbol(symbol),
                ..
            }) => (*symbol).to_owned(),
            Some(token) if token.kind == Kind::Word => self.text(token).to_ascii_uppercase(),
            _ => String::new(),
        }
    }

    fn takes(&mut self, word: &str) -> bool {
        let takes = self.word() == word;
        self.at += usize::from(takes);
        takes
    }

    /// The place behind the last token.
    fn end(&self) -> Range<usize> {
        let end = self.tokens.last().map_or(0, |token| token.range.end);
        end.saturating_sub(1)..end
    }

    /// The place of the next token, or of the end.
    fn here(&self) -> Range<usize> {
        self.peek()
            .map_or_else(|| self.end(), |token| token.range.clone())
    }

    /// An expression of operators that bind at least as strongly as this.
    fn expression(&mut self, least: u8) -> Result<Sql, Unreadable> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(unreadable(self.here(), "nested too deeply"));
        }
        let mut left = self.prefixed()?;
        loop {
            let word = self.word();
            let Some((operator, strength)) = BETWEEN.iter().find(|(name, _)| *name == word) else {
                if !self.takes("IS") {
                    break;
                }
                self.takes("NOT");
                let range = self.here();
                if !self.takes("NULL") {
                    return Err(unreadable(range, "expected NULL here"));
                }
                let range = left.range.start..range.end;
                let form = Form::Operator("IS NULL", vec![left]);
                left = Sql { range, form };
                continue;
            };
            if *strength < least {
                break;
            }
            self.at += 1;
            let right = self.expression(strength + 1)?;
            left = Sql {
                range: left.range.start..right.range.end,
                form: Form::Operator(operator, vec![left, right]),
            };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn prefixed(&mut self) -> Result<Sql, Unreadable> {
        let range = self.here();
        let (operator, least) = match self.word().as_str() {
            "NOT" => ("NOT", NOT),
            "-" => ("-", 8),
            _ => return self.primary(),
        };
        self.at += 1;
        let of = self.expression(least)?;
        Ok(Sql {
            range: range.start..of.range.end,
            form: Form::Operator(operator, vec![of]),
        })
    }

    fn primary(&mut self) -> Result<Sql, Unreadable> {
        let expected = "expected a column, a function or a value here";
        let Some(token) = self.next() else {
            return Err(unreadable(self.end(), format!("{expected}, behind this")));
        };
        let range = token.range.clone();
        let form = match &token.kind {
            Kind::Number | Kind::Text => Form::Literal,
            Kind::Quoted(name) => Form::Name(name.clone()),
            Kind::Word => return self.named(token),
            Kind::Symbol(open @ ("(" | "[")) => {
                let close = if *open == "(" { ")" } else { "]" };
                let (mut parts, end) = self.list(close, &range)?;
                let range = range.start..end;
                if *open == "(" && parts.len() == 1 {
                    let inner = parts.pop().map(|inner| inner.form);
                    let form = inner.unwrap_or(Form::Literal);
                    return Ok(Sql { range, form });
                }
                let form = Form::Tuple(parts);
                return Ok(Sql { range, form });
            }
            Kind::Symbol(_) => return Err(unreadable(range, expected)),
        };
        Ok(Sql { range, form })
    }

    /// A column, a call, an interval or a literal that is a word.
    fn named(&mut self, token: &Token) -> Result<Sql, Unreadable> {
        let range = token.range.clone();
        let name = self.text(token);
        if self.takes("(") {
            let open = range.end
                ..self
                    .tokens
                    .get(self.at - 1)
                    .map_or(range.end, |t| t.range.end);
            let (arguments, end) = self.list(")", &open)?;
            return Ok(Sql {
                range: range.start..end,
                form: Form::Call(name.to_owned(), range, arguments),
            });
        }
        let upper = name.to_ascii_uppercase();
        let form = match upper.as_str() {
            "NULL" | "TRUE" | "FALSE" => Form::Literal,
            "INTERVAL" if self.peek().is_some_and(|t| matches!(t.kind, Kind::Number)) => {
                self.at += 1;
                return self.unit(range);
            }
            word if KEYWORDS.contains(&word) => {
                return Err(unreadable(range, "not a column, a function or a value"));
            }
            _ => Form::Name(name.to_owned()),
        };
        Ok(Sql { range, form })
    }

    fn unit(&mut self, from: Range<usize>) -> Result<Sql, Unreadable> {
        let range = self.here();
        let word = self.word();
        let unit = UNITS.iter().find(|unit| **unit == word);
        let Some(unit) = unit else {
            let why = format!("expected a unit here: {}", UNITS.join(", "));
            return Err(unreadable(range, why));
        };
        self.at += 1;
        Ok(Sql {
            range: from.start..range.end,
            form: Form::Interval((*unit).to_owned()),
        })
    }

    /// Expressions between commas as far as what closes them, and where that ends.
    fn list(&mut self, close: &str, open: &Range<usize>) -> Result<(Vec<Sql>, usize), Unreadable> {
        let mut parts = Vec::new();
        loop {
            let range = self.here();
            if parts.is_empty() && self.takes(close) {
                return Ok((parts, range.end));
            }
            if self.peek().is_none() {
                return Err(unreadable(open.clone(), "this is never closed"));
            }
            parts.push(self.expression(0)?);
            let range = self.here();
            if self.takes(close) {
                return Ok((parts, range.end));
            }
            if self.peek().is_none() {
                return Err(unreadable(open.clone(), "this is never closed"));
            }
            if !self.takes(",") {
                let why = format!("expected an operator, a comma or `{close}` here");
                return Err(unreadable(range, why));
            }
        }
    }
}

impl Sql {
    /// The expressions that it is made of.
    pub(crate) fn parts(&self) -> &[Sql] {
        match &self.form {
            Form::Call(_, _, parts) | Form::Operator(_, parts) | Form::Tuple(parts) => parts,
            Form::Name(_) | Form::Literal | Form::Interval(_) => &[],
        }
    }

    /// Calls `visit` with it and with every expression in it.
    pub(crate) fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Sql)) {
        visit(self);
        for part in self.parts() {
            part.walk(visit);
        }
    }
}
