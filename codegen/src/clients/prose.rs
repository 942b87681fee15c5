//! Prose of comments, in lines of some width.

/// A paragraph in lines of at most this many characters, but for words that are longer.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_long_words_stay_whole() {
        assert_eq!(wrapped("", 9), Vec::<String>::new());
        assert_eq!(
            wrapped("a bc  defghij\nkl mn", 5),
            ["a bc", "defghij", "kl mn"]
        );
    }
}
