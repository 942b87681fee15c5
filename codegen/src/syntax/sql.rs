//! The columns that an SQL expression of a key names.

use std::ops::Range;

/// The places of its words outside of quotes that are not called as functions.
pub(crate) fn words(sql: &str) -> Vec<Range<usize>> {
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
    use super::*;

    #[test]
    fn the_words_of_an_expression_are_its_columns() {
        let sql = "toStartOfInterval(at, INTERVAL 'a b' 5) + x_1";
        assert_eq!(column_names(sql), ["at", "INTERVAL", "x_1"]);
    }
}
