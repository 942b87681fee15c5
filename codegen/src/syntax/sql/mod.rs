//! SQL expressions of keys: their grammar, and the columns that they name.

mod parse;
mod tokens;

pub(crate) use parse::{Form, Sql, parse};

use std::ops::Range;

/// The places of the columns that an expression names. Of one that can't be read, those of its words outside of quotes
/// that are not called as functions.
pub(crate) fn words(sql: &str) -> Vec<Range<usize>> {
    let Ok(parsed) = parse(sql) else {
        return loose_words(sql);
    };
    let mut words = Vec::new();
    parsed.walk(&mut |part| {
        if matches!(part.form, Form::Name(_)) {
            words.push(name_in(sql, part.range.clone()));
        }
    });
    words
}

/// The place of a column's name in that of the column, without quotes and without the path of a part of it.
fn name_in(sql: &str, range: Range<usize>) -> Range<usize> {
    let text = sql.get(range.clone()).unwrap_or_default();
    let trimmed = text.trim_start_matches(['(', ' ']);
    let start = range.start + text.len() - trimmed.len();
    let mut chars = trimmed.chars();
    match chars.next() {
        Some(quote @ ('`' | '"')) => {
            let inside = trimmed.get(1..).unwrap_or_default();
            let length = inside.find(quote).unwrap_or(inside.len());
            start + 1..start + 1 + length
        }
        _ => {
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let length = trimmed.find(|c| !word(c)).unwrap_or(trimmed.len());
            start..start + length
        }
    }
}

fn loose_words(sql: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(rest) = sql.get(at..).filter(|rest| !rest.is_empty()) {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
        if length > 0 {
            let after = rest.get(length..).unwrap_or_default().trim_start();
            let number = rest.starts_with(|c: char| c.is_ascii_digit());
            if !number && !after.starts_with('(') {
                words.push(at..at + length);
            }
            at += length;
        } else if let Some(quoted) = rest.strip_prefix('\'') {
            at += quoted.find('\'').map_or(rest.len(), |end| end + 2);
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    words
}

/// The words themselves.
pub(crate) fn column_names(sql: &str) -> Vec<&str> {
    let words = words(sql).into_iter();
    words.filter_map(|range| sql.get(range)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_columns_of_an_expression_are_its_names() {
        let sql = "toStartOfInterval(at, INTERVAL 5 MINUTE) + x_1 % 3";
        assert_eq!(column_names(sql), ["at", "x_1"]);
        assert_eq!(column_names("lower(`a`), 'b c' ("), ["a"]);
        assert_eq!(
            column_names("((`a`), details.b, \"c\")"),
            ["a", "details", "c"]
        );
    }

    #[test]
    fn what_is_not_an_expression_is_told_at_its_place() {
        let place = |sql: &str| {
            let found = parse(sql).unwrap_err();
            (found.range.start, found.why)
        };
        assert_eq!(place("toYYYYMM(at").0, 8);
        assert_eq!(place("toYYYYMM((at)").0, 8);
        assert_eq!(place("toYYYYMM(at))").0, 12);
        assert_eq!(place("a, b").0, 1);
        assert_eq!(place("a +").0, 2);
        assert_eq!(place("a b").0, 2);
        assert_eq!(place("INTERVAL 1 EON").0, 11);
        assert_eq!(place(&"(".repeat(10_000)).1, "nested too deeply");
        assert_eq!(
            place("").1,
            "expected a column, a function or a value here, behind this"
        );
    }

    #[test]
    fn operators_bind_as_in_sql() {
        let parsed = parse("a OR NOT b = -1 + c * 2 AND d IS NOT NULL").unwrap();
        let Form::Operator("OR", parts) = &parsed.form else {
            unreachable!("{parsed:?}")
        };
        assert!(matches!(parts[0].form, Form::Name(_)));
        assert!(matches!(parts[1].form, Form::Operator("AND", _)));
    }
}
