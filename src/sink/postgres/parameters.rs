//! Parameters of a PostgreSQL address, in a URL or in the form `key=value`, found where they are written.

use std::ops::Range;

use percent_encoding::percent_decode_str;

/// A parameter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) key: String,
    pub(super) value: String,
    /// Where it is, with what separates it from the next.
    pub(super) place: Range<usize>,
}

/// Parameters of an address. Of one that can't be read, those before the mistake.
pub(super) fn parameters(text: &str) -> Vec<Parameter> {
    let is_url = ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    match is_url {
        true => of_url(text),
        false => of_pairs(text),
    }
}

/// An address without some of its parameters.
pub(super) fn without(text: &str, parameters: &[Parameter], keys: &[&str]) -> String {
    let mut text = text.to_owned();
    for parameter in parameters.iter().rev() {
        if keys.contains(&parameter.key.as_str()) {
            text.replace_range(parameter.place.clone(), "");
        }
    }
    text
}

fn of_url(text: &str) -> Vec<Parameter> {
    // A password may hold a question mark.
    let host = text.find('@').unwrap_or_default();
    let rest = text.get(host..).unwrap_or_default();
    let Some(query) = rest.find('?').map(|at| host + at + 1) else {
        return Vec::new();
    };
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut start = query;
    let mut found = Vec::new();
    for pair in text.get(query..).unwrap_or_default().split('&') {
        let end = (start + pair.len() + 1).min(text.len());
        if let Some((key, value)) = pair.split_once('=') {
            found.push(Parameter {
                key: decoded(key),
                value: decoded(value),
                place: start..end,
            });
        }
        start = end;
    }
    found
}

fn of_pairs(text: &str) -> Vec<Parameter> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some((key, after)) = rest.split_once('=') {
        let start = text.len() - rest.len();
        let (value, after) = value(after.trim_start());
        rest = after.trim_start();
        found.push(Parameter {
            key: key.trim_end().to_owned(),
            value,
            place: start..text.len() - rest.len(),
        });
    }
    found
}

/// A value at the beginning of a text, which may be in quotes, and what follows.
fn value(text: &str) -> (String, &str) {
    let (quoted, text) = match text.strip_prefix('\'') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            '\'' if quoted => return (value, text.get(at + 1..).unwrap_or_default()),
            letter if !quoted && letter.is_whitespace() => {
                return (value, text.get(at..).unwrap_or_default());
            }
            letter => value.push(letter),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_and_taken_out_of_both_forms() {
        for (text, rest) in [
            (
                "postgres://u:a?sslmode=x@h/d?sslmode=verify-ca&connect_timeout=1&sslrootcert=%2Fa%20b",
                "postgres://u:a?sslmode=x@h/d?connect_timeout=1&",
            ),
            (
                "postgres://h/d?connect_timeout=1&sslmode=verify-ca&sslrootcert=/a b",
                "postgres://h/d?connect_timeout=1&",
            ),
            (
                "host=h sslmode = 'verify-ca'  connect_timeout=1 sslrootcert='/a b'",
                "host=h connect_timeout=1 ",
            ),
            (
                r"sslmode=verify-ca host=h password='it\'s = sslmode=a' connect_timeout=1 sslrootcert=/a\ b",
                r"host=h password='it\'s = sslmode=a' connect_timeout=1 ",
            ),
        ] {
            let found = parameters(text);
            let value = |key: &str| {
                let parameter = found.iter().find(|parameter| parameter.key == key);
                parameter.map(|parameter| parameter.value.as_str())
            };
            assert_eq!(value("sslmode"), Some("verify-ca"), "{text}");
            assert_eq!(value("sslrootcert"), Some("/a b"), "{text}");
            assert_eq!(value("connect_timeout"), Some("1"), "{text}");
            assert_eq!(without(text, &found, &["sslmode", "sslrootcert"]), rest);
        }
        assert_eq!(parameters("postgres://u@h/d"), []);
        assert_eq!(parameters("nonsense"), []);
    }
}
