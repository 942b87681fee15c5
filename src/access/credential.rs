//! Credentials of a request: a key or a token, in the headers, or a key in the query.

use http::{HeaderMap, HeaderName, header};

use super::denied::{Denied, Reason};
use super::key::{PREFIX, PresentedKey};

/// Header that holds a key alone.
pub(super) const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Parameter of the query that holds a key.
const PARAMETER: &str = "key";

/// Credential as it was presented.
pub(super) enum Credential<'a> {
    /// A write key.
    Key {
        key: PresentedKey<'a>,
        /// True if it stood in the URL.
        in_url: bool,
    },
    /// A JWT.
    Token(&'a str),
}

/// The one credential of a request, if there is one.
pub(super) fn find<'a>(
    headers: &'a HeaderMap,
    query: Option<&'a str>,
) -> Result<Option<Credential<'a>>, Denied> {
    let bearers = headers.get_all(header::AUTHORIZATION).iter().map(|value| {
        let text = value.to_str().unwrap_or_default().trim();
        let scheme = text
            .split_once(' ')
            .filter(|(s, _)| s.eq_ignore_ascii_case("bearer"));
        (
            Place::Bearer,
            scheme.map_or("", |(_, rest)| rest.trim_start()),
        )
    });
    let keys = headers.get_all(API_KEY).iter();
    let keys = keys.map(|value| (Place::ApiKey, value.to_str().unwrap_or_default().trim()));
    let in_url = query.into_iter().flat_map(|query| query.split('&'));
    let in_url = in_url.filter_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name == PARAMETER).then_some((Place::Query, value))
    });
    let mut all = bearers.chain(keys).chain(in_url);
    let Some((place, text)) = all.next() else {
        return Ok(None);
    };
    if all.next().is_some() {
        return malformed(
            "there are several keys or tokens in one request; present one, in one place",
        );
    }
    match (place, text) {
        (Place::Bearer, "") if names_bearer(headers) => malformed(
            "there is nothing after Bearer in the authorization header; is the variable with the key empty?",
        ),
        (Place::Bearer, "") => malformed(
            "the scheme in the authorization header should be Bearer, with a key or a token after it",
        ),
        (Place::Bearer, text) if !text.starts_with(PREFIX) => Ok(Some(Credential::Token(text))),
        (place, text) => match PresentedKey::read(text) {
            Some(key) => Ok(Some(Credential::Key {
                key,
                in_url: place == Place::Query,
            })),
            None => malformed(
                "what is presented is no key: one has the form eg_ENV_ID_SECRET, and this one is cut, mistyped or something else",
            ),
        },
    }
}

/// True if the scheme of the header is the right one, and nothing comes after it.
fn names_bearer(headers: &HeaderMap) -> bool {
    let value = headers.get(header::AUTHORIZATION);
    let text = value.map_or(&b""[..], |value| value.as_bytes());
    text.trim_ascii().eq_ignore_ascii_case(b"bearer")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Bearer,
    ApiKey,
    Query,
}

fn malformed<T>(text: &str) -> Result<T, Denied> {
    Err(Reason::Malformed.because(text))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::HeaderValue;

    use super::super::key::make;
    use super::*;

    fn headers(all: &[(&'static str, String)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, String)| {
            (
                HeaderName::from_static(name),
                HeaderValue::try_from(value).unwrap(),
            )
        };
        all.iter().map(pair).collect()
    }

    fn kind(headers: &HeaderMap, query: Option<&str>) -> &'static str {
        match find(headers, query) {
            Ok(None) => "none",
            Ok(Some(Credential::Key { in_url: true, .. })) => "in url",
            Ok(Some(Credential::Key { in_url: false, .. })) => "key",
            Ok(Some(Credential::Token(_))) => "token",
            Err(denied) => denied.reason.word(),
        }
    }

    #[test]
    fn a_header_without_a_key_is_told_from_one_of_another_scheme() {
        for (value, told) in [
            ("Bearer", "nothing after Bearer"),
            ("bearer  ", "nothing after Bearer"),
            ("Basic dTpw", "the scheme"),
            ("eg_live_x", "the scheme"),
        ] {
            let denied = find(&headers(&[("authorization", value.into())]), None).err();
            let text = denied.unwrap().text;
            assert!(text.contains(told), "{value}: {text}");
        }
    }

    #[test]
    fn a_request_has_one_credential_in_one_of_the_places() {
        let key = make("live").text;
        let bearer = ("authorization", format!("bearer {key}"));
        let api = ("x-api-key", key.clone());
        let query = format!("a=b&key={key}");
        assert_eq!(kind(&headers(&[]), Some("keys=1&akey=2")), "none");
        assert_eq!(kind(&headers(std::slice::from_ref(&bearer)), None), "key");
        assert_eq!(
            kind(&headers(std::slice::from_ref(&api)), Some("a=b")),
            "key"
        );
        assert_eq!(kind(&headers(&[]), Some(&query)), "in url");
        assert_eq!(
            kind(&headers(&[("authorization", "Bearer a.b.c".into())]), None),
            "token"
        );
        for (several, query) in [
            (vec![bearer.clone(), api.clone()], None),
            (vec![bearer.clone(), bearer], None),
            (vec![api.clone()], Some(query.as_str())),
            (vec![], Some("key=")),
            (vec![], Some("key")),
            (vec![("authorization", "Basic dTpw".into())], None),
            (vec![("authorization", format!("Bearer {key}x"))], None),
            (vec![("authorization", "Bearer".into())], None),
            (vec![("x-api-key", "a.b.c".into())], None),
        ] {
            assert_eq!(kind(&headers(&several), query), "malformed", "{several:?}");
        }
    }
}
