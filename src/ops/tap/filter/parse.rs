//! Parser of filters.

use serde_json::Value;

use super::tokens::{Token, Wrong, tokens};
use super::{DEEPEST, Expression, LONGEST, MOST, Operator};

/// Parses an expression.
pub(super) fn parse(text: &str) -> Result<Expression, Wrong> {
    if text.len() > LONGEST {
        let what = format!(
            "the expression has {} bytes, and may have {LONGEST}",
            text.len()
        );
        return Err(Wrong { at: 0, what });
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        end: text.chars().count(),
        comparisons: 0,
    };
    let expression = parser.any(0)?;
    match parser.peek() {
        None => Ok(expression),
        Some(token) => {
            let what = format!("expected `and`, `or` or the end instead of {token}");
            Err(parser.wrong(what))
        }
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    end: usize,
    comparisons: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    /// Place of the next token.
    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn wrong(&self, what: impl Into<String>) -> Wrong {
        Wrong {
            at: self.at(),
            what: what.into(),
        }
    }

    /// What stands here, for people.
    fn here(&self) -> String {
        let here = self.peek().map(ToString::to_string);
        here.unwrap_or_else(|| "the end".to_owned())
    }

    /// Takes the next token if it is this word.
    fn takes_word(&mut self, word: &str) -> bool {
        let is_it = match self.peek() {
            Some(Token::Path(path)) => {
                matches!(path.as_slice(), [one] if one.eq_ignore_ascii_case(word))
            }
            _ => false,
        };
        self.next += usize::from(is_it);
        is_it
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        let is_it = self
            .peek()
            .is_some_and(|token| matches!(token, Token::Sign(s) if *s == sign));
        self.next += usize::from(is_it);
        is_it
    }

    fn any(&mut self, depth: usize) -> Result<Expression, Wrong> {
        let mut any = vec![self.all(depth)?];
        while self.takes_word("or") {
            any.push(self.all(depth)?);
        }
        Ok(one_or(any, Expression::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Expression, Wrong> {
        let mut all = vec![self.not(depth)?];
        while self.takes_word("and") {
            all.push(self.not(depth)?);
        }
        Ok(one_or(all, Expression::All))
    }

    fn not(&mut self, depth: usize) -> Result<Expression, Wrong> {
        if depth > DEEPEST {
            return Err(self.wrong(format!("the expression is deeper than {DEEPEST} levels")));
        }
        if self.takes_word("not") {
            return Ok(Expression::Not(Box::new(self.not(depth + 1)?)));
        }
        if self.takes_sign("(") {
            let inner = self.any(depth + 1)?;
            if !self.takes_sign(")") {
                return Err(self.wrong(format!("expected `)` instead of {}", self.here())));
            }
            return Ok(inner);
        }
        self.condition()
    }

    fn condition(&mut self) -> Result<Expression, Wrong> {
        self.comparisons += 1;
        if self.comparisons > MOST {
            return Err(self.wrong(format!("the expression has more than {MOST} conditions")));
        }
        if self.takes_word("exists") {
            return Ok(Expression::Exists(self.path()?));
        }
        let path = self.path()?;
        let operator = self.operator(&path)?;
        let value = self.value(operator)?;
        Ok(Expression::Compare(path, operator, value))
    }

    fn path(&mut self) -> Result<Vec<String>, Wrong> {
        match self.peek() {
            Some(Token::Path(path)) => {
                let path = path.clone();
                self.next += 1;
                Ok(path)
            }
            _ => Err(self.wrong(format!(
                "expected a field, as in `quantity` or `header.userId`, instead of {}",
                self.here()
            ))),
        }
    }

    fn operator(&mut self, path: &[String]) -> Result<Operator, Wrong> {
        if self.takes_word("contains") {
            return Ok(Operator::Contains);
        }
        let operator = match self.peek() {
            Some(Token::Sign("==")) => Operator::Equal,
            Some(Token::Sign("!=")) => Operator::Unequal,
            Some(Token::Sign("<")) => Operator::Less,
            Some(Token::Sign("<=")) => Operator::LessOrEqual,
            Some(Token::Sign(">")) => Operator::Greater,
            Some(Token::Sign(">=")) => Operator::GreaterOrEqual,
            _ => {
                let path = path.join(".");
                return Err(self.wrong(format!(
                    "expected ==, !=, <, <=, >, >= or contains behind `{path}` instead of {}; whether it is there is \
                     `exists {path}`",
                    self.here()
                )));
            }
        };
        self.next += 1;
        Ok(operator)
    }

    fn value(&mut self, operator: Operator) -> Result<Value, Wrong> {
        use Operator::{Greater, GreaterOrEqual, Less, LessOrEqual};
        let ordered = matches!(operator, Less | LessOrEqual | Greater | GreaterOrEqual);
        let value = match self.peek() {
            Some(Token::Number(number)) => Value::Number(number.clone()),
            Some(Token::Text(text)) => Value::String(text.clone()),
            Some(Token::Path(path)) => match path.as_slice() {
                [word] if word == "true" && !ordered => Value::Bool(true),
                [word] if word == "false" && !ordered => Value::Bool(false),
                [word] if word == "null" && !ordered => Value::Null,
                path => {
                    let path = path.join(".");
                    return Err(self.wrong(format!(
                        "expected a value instead of `{path}`; a text is in quotes: \"{path}\""
                    )));
                }
            },
            _ => {
                return Err(self.wrong(format!(
                    "expected a number, a text in quotes, true, false or null instead of {}",
                    self.here()
                )));
            }
        };
        self.next += 1;
        Ok(value)
    }
}

/// One expression as it is, several together.
fn one_or(mut all: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match (all.len(), all.pop()) {
        (1, Some(one)) => one,
        (_, last) => {
            all.extend(last);
            join(all)
        }
    }
}
