//! Cuts dead letters to the broker's limits: every message has a dead letter that can be published.
//!
//! Cut parts are named in headers of the dead letter, which show in its row.

use std::borrow::Cow;
use std::cmp::Reverse;

use sha2::{Digest as _, Sha256};

use crate::broker::{HeaderValue, Limits, Outgoing, SHORT, header_len};
use crate::contract::headers::{CUT_BODY, CUT_HEADERS, is_internal};

/// Maximum total size of message headers in all dead letters of one message, in bytes: each repeats them.
const TOGETHER: usize = 1 << 20;

/// Maximum size of one header that the dead letter adds, in bytes.
const OWN: usize = 2 << 10;

/// Maximum size of the list of cut headers, in bytes.
const NAMES: usize = 1 << 10;

/// Name and value of a header.
type Header = (Cow<'static, str>, HeaderValue);

/// Cuts what the broker doesn't accept of a dead letter, which is one of so many of its message.
pub(super) fn fit(mut letter: Outgoing, limits: Limits, letters: usize) -> Outgoing {
    fit_body(&mut letter, limits.body);
    let properties = &mut letter.properties;
    for text in [&mut properties.content_type, &mut properties.kind] {
        if let Some(text) = text.as_mut().filter(|text| text.len() > SHORT) {
            *text = shortened(text, SHORT).to_owned().into();
        }
    }
    let (own, mut sent): (Vec<Header>, Vec<Header>) = std::mem::take(&mut properties.headers)
        .into_iter()
        .partition(|(name, _)| is_ours(name));
    properties.headers = own.into_iter().map(short_own).collect();
    let share = TOGETHER / letters.max(1);
    let free = limits.properties.saturating_sub(properties.encoded_len());
    let cut = fit_headers(&mut sent, share.min(free));
    properties.headers.extend(sent);
    if !cut.is_empty() {
        properties.set_header(CUT_HEADERS, HeaderValue::Text(cut));
    }
    letter
}

/// True if a header describes the failure, and was not sent with the message.
fn is_ours(name: &str) -> bool {
    name == CUT_BODY || (is_internal(name) && name != crate::contract::headers::HTTP_HEADERS)
}

fn short_own((name, value): Header) -> Header {
    match value {
        HeaderValue::Text(text) if text.len() > OWN => {
            (name, HeaderValue::Text(shortened(&text, OWN).to_owned()))
        }
        value => (name, value),
    }
}

fn shortened(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most))
        .unwrap_or_default()
}

fn fit_body(letter: &mut Outgoing, most: usize) {
    let size = letter.body.len();
    if size <= most {
        return;
    }
    let hash: String = Sha256::digest(&letter.body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    letter.body = letter.body.slice(..most);
    let cut = format!("the first {most} of {size} bytes; sha256 of all: {hash}");
    letter
        .properties
        .set_header(CUT_BODY, HeaderValue::Text(cut));
}

/// Removes headers whose names AMQP can't encode, then the largest, until the rest fits. Returns the names of removed
/// headers.
fn fit_headers(headers: &mut Vec<Header>, room: usize) -> String {
    let size = |(name, value): &Header| header_len(name, value);
    let mut total: usize = headers.iter().map(size).sum();
    if total <= room && headers.iter().all(|(name, _)| name.len() <= SHORT) {
        return String::new();
    }
    // The order of headers means nothing: RabbitMQ sorts them by name.
    headers.sort_by_key(|header| (header.0.len() <= SHORT, Reverse(size(header))));
    let room = room.saturating_sub(NAMES + CUT_HEADERS.len());
    let mut cut = 0;
    while let Some(header) = headers.get(cut)
        && (total > room || header.0.len() > SHORT)
    {
        total -= size(header);
        cut += 1;
    }
    let mut names = String::new();
    for (at, (name, _)) in headers.drain(..cut).enumerate() {
        let name = shortened(&name, SHORT);
        if names.len() + name.len() > NAMES - 40 {
            names.push_str(&format!(" and {} more", cut - at));
            break;
        }
        if at > 0 {
            names.push_str(", ");
        }
        names.push_str(name);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::Properties;

    const LIMITS: Limits = Limits {
        properties: 114_000,
        body: 1000,
    };

    fn letter(headers: Vec<Header>, body: usize) -> Outgoing {
        Outgoing::new("error", "key", vec![b'x'; body]).with(Properties {
            headers,
            ..Properties::default()
        })
    }

    fn text(size: usize) -> HeaderValue {
        HeaderValue::Text("v".repeat(size))
    }

    fn cut(letter: &Outgoing, name: &str) -> String {
        match letter.properties.header(name) {
            Some(HeaderValue::Text(text)) => text.clone(),
            _ => String::new(),
        }
    }

    #[test]
    fn the_largest_header_is_cut_first_and_named() {
        let headers = vec![
            ("small".into(), text(10)),
            ("large".into(), text(70_000)),
            ("larger".into(), text(80_000)),
            ("x-dead-reason".into(), text(10)),
        ];
        let fits = fit(letter(headers, 1), LIMITS, 1);
        assert_eq!(LIMITS.check(&fits), Ok(()));
        assert_eq!(cut(&fits, CUT_HEADERS), "larger");
        let names: Vec<&str> = fits.properties.headers.iter().map(|(n, _)| &**n).collect();
        assert_eq!(names, ["x-dead-reason", "large", "small", CUT_HEADERS]);
    }

    #[test]
    fn very_many_small_headers_and_names_that_are_too_long_fit_too() {
        let mut headers: Vec<Header> = (0..13_100)
            .map(|at| (format!("{at:04x}").into(), text(0)))
            .collect();
        headers.push(("n".repeat(300).into(), text(0)));
        headers.push(("x-dead-event-type".into(), text(1 << 20)));
        let fits = fit(letter(headers, 1), LIMITS, 1);
        assert_eq!(LIMITS.check(&fits), Ok(()));
        assert!(cut(&fits, CUT_HEADERS).starts_with("nnn"));
        assert!(
            cut(&fits, CUT_HEADERS).contains(" more"),
            "{}",
            cut(&fits, CUT_HEADERS)
        );
        assert!(fits.properties.headers.len() > 9000);
    }

    #[test]
    fn many_letters_share_what_headers_may_take() {
        let headers = vec![("small".into(), text(10)), ("large".into(), text(70_000))];
        let fits = fit(letter(headers, 1), LIMITS, 100);
        assert_eq!(cut(&fits, CUT_HEADERS), "large");
        assert!(fits.properties.header("small").is_some());
    }

    #[test]
    fn a_body_is_cut_and_told_by_size_and_hash() {
        let fits = fit(letter(Vec::new(), 1001), LIMITS, 1);
        assert_eq!(fits.body.len(), 1000);
        let told = cut(&fits, CUT_BODY);
        assert!(told.starts_with("the first 1000 of 1001 bytes; sha256 of all: "));
        let whole = fit(letter(Vec::new(), 1000), LIMITS, 1);
        assert_eq!(whole.properties.headers, []);
    }
}
