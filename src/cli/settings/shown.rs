//! Values as they may be shown: secrets masked, and passwords in URLs.

use crate::sink::requests::shown_path;

/// What stands in place of a secret.
pub(in crate::cli) const MASK: &str = "***";

/// A value as it may be shown. Of a secret that is a URL the scheme, the user, and what is behind the password are left,
/// without the query; of any other nothing is.
pub(in crate::cli) fn shown(secret: bool, value: &str) -> String {
    if !secret || value.is_empty() {
        return value.to_owned();
    }
    let Some((scheme, rest)) = value.split_once("://") else {
        return MASK.to_owned();
    };
    // The last one: a password may have a mark that should have been escaped.
    let (account, place) = rest.rsplit_once('@').unwrap_or(("", rest));
    let (place, query) = match place.split_once('?') {
        Some((place, _)) => (place, "?***"),
        None => (place, ""),
    };
    let account = match account.split_once(':') {
        Some((user, _)) => format!("{}:{MASK}@", name(user)),
        None if account.is_empty() => String::new(),
        None => format!("{}@", name(account)),
    };
    format!("{scheme}://{account}{place}{query}")
}

/// The value of a variable that `pipeline.yaml` names, as it may be shown. In the URL of an HTTP destination a segment of the path
/// may be a token, too.
pub(in crate::cli) fn shown_of_pipeline(value: &str) -> String {
    let shown = shown(true, value);
    let Some((scheme, rest)) = shown.split_once("://") else {
        return shown;
    };
    let (rest, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    match rest.split_once('/') {
        Some((place, path)) => format!("{scheme}://{place}/{}{query}", shown_path(path)),
        None => shown,
    }
}

/// The name of a user; masked if it is more than a name, or a key as Sentry's DSN has it there.
fn name(text: &str) -> &str {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~%+$".contains(&byte);
    let is_key = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text.bytes().all(is_plain) && !is_key {
        true => text,
        false => MASK,
    }
}

#[cfg(test)]
mod tests {
    use super::{shown, shown_of_pipeline};

    #[test]
    fn nothing_of_a_password_is_left() {
        for (value, masked) in [
            ("amqp://u:hush@a,b:5671/v", "amqp://u:***@a,b:5671/v"),
            ("http://u@h:8123/events", "http://u@h:8123/events"),
            ("http://u:hu@sh/y@h/d?password=hush", "http://u:***@h/d?***"),
            // A mark in a query isn't told from one behind a password.
            ("http://h/d?password=hush@a", "http://***@a"),
            ("amqp://a/b:hush@c/d", "amqp://***:***@c/d"),
            (
                "https://0123456789abcdef0123456789ABCDEF@o1.example/7",
                "https://***@o1.example/7",
            ),
            ("host=a password=hush", "***"),
            ("hush", "***"),
            ("", ""),
        ] {
            assert_eq!(shown(true, value), masked, "{value}");
        }
        assert_eq!(shown(false, "127.0.0.1:80"), "127.0.0.1:80");
    }

    #[test]
    fn nothing_of_a_token_in_a_path_is_left() {
        for (value, masked) in [
            (
                "https://u:hush@h/v1/Hu5h/events?k=hush",
                "https://u:***@h/v1/***/events?***",
            ),
            ("https://h", "https://h"),
            ("https://h?k=a/b", "https://h?***"),
            ("hush/hush", "***"),
        ] {
            assert_eq!(shown_of_pipeline(value), masked, "{value}");
        }
    }
}
