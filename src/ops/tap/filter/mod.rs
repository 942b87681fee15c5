//! Filter of a tap: an expression over the fields of an event, as it is shown.
//!
//! ```text
//! quantity >= 2 and not (header.os == "ios" or exists couponCode)
//! ```
//!
//! Operators are `==`, `!=`, `<`, `<=`, `>`, `>=`, `contains`, `exists`, `and`, `or` and `not`. A path names a member of
//! what is shown, `event.addToCartEvent.quantity`; one that begins with none of its members is looked for in the event's
//! payload, in the event and in the header. In a list each element is tried.

mod parse;
mod tokens;

use std::cmp::Ordering;

use serde_json::Value;

pub use tokens::Wrong;

/// Maximum length of an expression, in bytes.
pub const LONGEST: usize = 2_000;

/// Maximum depth of an expression.
pub const DEEPEST: usize = 16;

/// Maximum number of comparisons in an expression.
pub const MOST: usize = 64;

/// Filter of a tap.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Expression);

/// Expression of a filter.
#[derive(Debug, Clone, PartialEq)]
enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Exists(Vec<String>),
    Compare(Vec<String>, Operator, Value),
}

/// Comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
}

impl Filter {
    /// Parses an expression.
    ///
    /// # Errors
    ///
    /// If it is none: where, and what would be right.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        parse::parse(text).map(Filter)
    }

    /// True if an event that is shown so matches.
    pub fn matches(&self, shown: &Value) -> bool {
        self.0.matches(shown)
    }

    /// Paths that it names.
    pub fn paths(&self) -> Vec<&[String]> {
        let mut paths = Vec::new();
        self.0.paths(&mut paths);
        paths
    }
}

impl Expression {
    fn matches(&self, shown: &Value) -> bool {
        match self {
            Expression::All(all) => all.iter().all(|one| one.matches(shown)),
            Expression::Any(any) => any.iter().any(|one| one.matches(shown)),
            Expression::Not(inner) => !inner.matches(shown),
            Expression::Exists(path) => any_at(shown, path, &mut |value| !value.is_null()),
            // Without the field, it isn't equal.
            Expression::Compare(path, Operator::Unequal, wanted) => {
                !any_at(shown, path, &mut |value| equal(value, wanted))
            }
            Expression::Compare(path, operator, wanted) => {
                any_at(shown, path, &mut |value| operator.holds(value, wanted))
            }
        }
    }

    fn paths<'a>(&'a self, paths: &mut Vec<&'a [String]>) {
        match self {
            Expression::All(inner) | Expression::Any(inner) => {
                inner.iter().for_each(|one| one.paths(paths));
            }
            Expression::Not(inner) => inner.paths(paths),
            Expression::Exists(path) | Expression::Compare(path, ..) => paths.push(path),
        }
    }
}

impl Operator {
    fn holds(self, value: &Value, wanted: &Value) -> bool {
        use Ordering::{Greater, Less};
        match self {
            Operator::Equal => equal(value, wanted),
            Operator::Unequal => !equal(value, wanted),
            Operator::Contains => text(value).contains(&*text(wanted)),
            Operator::Less => order(value, wanted) == Some(Less),
            Operator::Greater => order(value, wanted) == Some(Greater),
            Operator::LessOrEqual => order(value, wanted).is_some_and(|order| order != Greater),
            Operator::GreaterOrEqual => order(value, wanted).is_some_and(|order| order != Less),
        }
    }
}

/// Tries the values at a path, wherever it may begin, until one is as wanted.
fn any_at(shown: &Value, path: &[String], wanted: &mut dyn FnMut(&Value) -> bool) -> bool {
    let begins = path.first().is_some_and(|first| shown.get(first).is_some());
    if begins {
        return any_below(shown, path, wanted);
    }
    let event = shown.get("event");
    let payloads = event.and_then(Value::as_object).into_iter().flatten();
    let payloads = payloads
        .map(|(_, value)| value)
        .filter(|value| value.is_object());
    let roots = payloads.chain(event).chain(shown.get("header"));
    let mut roots = roots.chain(shown.get("row"));
    roots.any(|root| any_below(root, path, wanted))
}

fn any_below(value: &Value, path: &[String], wanted: &mut dyn FnMut(&Value) -> bool) -> bool {
    match (value, path.split_first()) {
        (Value::Array(items), _) => items.iter().any(|item| any_below(item, path, wanted)),
        (value, None) => wanted(value),
        (Value::Object(members), Some((first, rest))) => members
            .get(first)
            .is_some_and(|member| any_below(member, rest, wanted)),
        _ => false,
    }
}

fn equal(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(_) | Value::Array(_), _) | (_, Value::Null) => value == wanted,
        (_, Value::Number(_)) => order(value, wanted) == Some(Ordering::Equal),
        _ => text(value) == text(wanted),
    }
}

fn order(value: &Value, wanted: &Value) -> Option<Ordering> {
    let whole = (whole(value), whole(wanted));
    match (wanted, whole) {
        // Those of 64 bits, such as ids, aren't all floating-point numbers.
        (Value::Number(_), (Some(value), Some(wanted))) => Some(value.cmp(&wanted)),
        (Value::Number(_), _) => number(value)?.partial_cmp(&number(wanted)?),
        _ => Some(value.as_str()?.cmp(wanted.as_str()?)),
    }
}

/// A whole number. Those of 64 bits are texts in proto3 JSON.
fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(number) => Some(number.into()),
            None => number.as_u64().map(i128::from),
        },
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn text(value: &Value) -> std::borrow::Cow<'_, str> {
    match value {
        Value::String(text) => text.into(),
        other => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests;
