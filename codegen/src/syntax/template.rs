//! Texts with variables of the server's environment in them: `Bearer $KEY`, `https://$HOST/events`.
//!
//! `$NAME` and `${NAME}` are variables, `$$` is a dollar sign.

use std::ops::Range;

use crate::model::Piece;

/// Position of a syntax error.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// The bytes that are no variable.
    pub(crate) range: Range<usize>,
}

/// Reads a text.
pub(crate) fn parse(text: &str) -> Result<Vec<Piece>, Unreadable> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(dollar) = find(text, at) {
        plain.push_str(text.get(at..dollar).unwrap_or_default());
        let rest = text.get(dollar + 1..).unwrap_or_default();
        if rest.starts_with('$') {
            plain.push('$');
            at = dollar + 2;
            continue;
        }
        let (name, length) = match rest.strip_prefix('{') {
            Some(inside) => {
                let name = inside.split('}').next().unwrap_or_default();
                (name, name.len() + 2)
            }
            None => {
                let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
                (rest.get(..end).unwrap_or_default(), end)
            }
        };
        let end = dollar + 1 + length;
        if !is_variable(name) || end > text.len() {
            let range = dollar..end.clamp(dollar + 1, text.len());
            return Err(Unreadable { range });
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(Piece::Variable(name.to_owned()));
        at = end;
    }
    plain.push_str(text.get(at..).unwrap_or_default());
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

fn find(text: &str, from: usize) -> Option<usize> {
    Some(from + text.get(from..)?.find('$')?)
}

fn is_variable(name: &str) -> bool {
    let first = name.chars().next();
    first.is_some_and(|c| c.is_ascii_uppercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    fn variable(name: &str) -> Piece {
        Piece::Variable(name.to_owned())
    }

    #[test]
    fn variables_stand_anywhere() {
        assert_eq!(
            parse("Bearer $KEY_1"),
            Ok(vec![text("Bearer "), variable("KEY_1")])
        );
        assert_eq!(
            parse("https://${HOST}x/$A$B/$$"),
            Ok(vec![
                text("https://"),
                variable("HOST"),
                text("x/"),
                variable("A"),
                variable("B"),
                text("/$")
            ])
        );
        assert_eq!(parse("plain"), Ok(vec![text("plain")]));
        assert_eq!(parse(""), Ok(vec![]));
    }

    #[test]
    fn what_is_no_variable_is_pointed_at() {
        for (wrong, range) in [
            ("a $", 2..3),
            ("a $ b", 2..3),
            ("$key", 0..4),
            ("${KEY", 0..5),
            ("${}", 0..3),
            ("$1A", 0..3),
        ] {
            assert_eq!(parse(wrong), Err(Unreadable { range }), "{wrong}");
        }
    }
}
