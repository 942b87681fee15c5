//! HTTP headers of a webhook's request, as they travel beside its body: one object in one AMQP header, so that no
//! outside header reaches the broker or the workers under its own name.

use http::{HeaderMap, HeaderName, header};

use super::response::Refusal;
use crate::json::{Map, Value, object_text};

/// Maximum size of the kept headers, in bytes of JSON. With the properties they must fit in one AMQP frame.
const MOST: usize = 16 << 10;

/// Headers that hold credentials, which are not kept.
const SECRET: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::PROXY_AUTHORIZATION,
    header::COOKIE,
    header::SET_COOKIE,
    HeaderName::from_static("x-api-key"),
];

/// All headers but those that hold credentials or the signature, by name: a text, or a list of texts. Neither are those
/// kept that hold the secret of the path, as proxies write the path into some; it is empty if there is none.
pub(super) fn keep(
    headers: &HeaderMap,
    signature: Option<&str>,
    secret: &str,
) -> Result<Map<String, Value>, Refusal> {
    let mut kept = Map::new();
    let mut size = 0;
    let tells = |name: &HeaderName| {
        let mut values = headers.get_all(name).iter();
        !secret.is_empty() && values.any(|value| holds(value.as_bytes(), secret.as_bytes()))
    };
    for name in headers.keys() {
        if SECRET.contains(name) || Some(name.as_str()) == signature || tells(name) {
            continue;
        }
        let mut values = headers.get_all(name).iter().map(|value| {
            size += name.as_str().len() + value.len();
            Value::from(String::from_utf8_lossy(value.as_bytes()))
        });
        let first = values.next().unwrap_or_default();
        let mut more: Vec<Value> = values.collect();
        let value = match more.is_empty() {
            true => first,
            false => {
                more.insert(0, first);
                Value::Array(more)
            }
        };
        kept.insert(name.as_str().to_owned(), value);
    }
    if size > MOST {
        return Err(Refusal::HeadersTooLarge { limit: MOST });
    }
    Ok(kept)
}

/// True if some bytes are among others.
fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Object as the text that travels.
pub(super) fn text(kept: &Map<String, Value>) -> Result<String, Refusal> {
    let text = object_text(kept);
    // Escapes make a text longer than what it stands for.
    match text.len() > 2 * MOST {
        true => Err(Refusal::HeadersTooLarge { limit: MOST }),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::HeaderValue;
    use serde_json::json;

    use super::*;

    #[test]
    fn credentials_and_signatures_are_left_out() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("spayee-event", "enrol"),
            ("via", "a"),
            ("via", "b"),
            ("x-death", "mine"),
            ("authorization", "Bearer t"),
            ("proxy-authorization", "Basic t"),
            ("cookie", "c=1"),
            ("x-signature", "00"),
            ("x-forwarded-uri", "/shop/s3cret/"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers.append("x-odd", HeaderValue::from_bytes(b"\xff").unwrap());
        let kept = keep(&headers, Some("x-signature"), "s3cret").unwrap();
        let expected = json!({
            "spayee-event": "enrol", "via": ["a", "b"], "x-death": "mine", "x-odd": "\u{fffd}",
        });
        assert_eq!(Value::Object(kept), expected);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut headers = HeaderMap::new();
        headers.insert("a", HeaderValue::from_str(&"a".repeat(MOST)).unwrap());
        assert!(keep(&headers, None, "").is_err());
        headers.insert("a", HeaderValue::from_str(&"a".repeat(MOST - 1)).unwrap());
        assert!(text(&keep(&headers, None, "").unwrap()).is_ok());
        let quotes = HeaderValue::from_bytes(&[b'"'; MOST - 1]).unwrap();
        headers.insert("a", quotes);
        let kept = keep(&headers, None, "").unwrap();
        assert!(text(&kept).unwrap_err() == Refusal::HeadersTooLarge { limit: MOST });
    }
}
