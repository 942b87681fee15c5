//! Ids of a webhook's messages, made from what its source declares.

use std::sync::atomic::{AtomicBool, Ordering};

use http::HeaderMap;
use metrics::Counter;
use uuid::Uuid;

use crate::contract::{IdFrom, Source};
use crate::identity::{Declared, fields, of_request};
use crate::json::{Map, Value};
use crate::metrics::intake::IDS_MISSING;

/// Makes the ids of a source's messages.
#[derive(Debug)]
pub(super) struct Identity {
    source: &'static str,
    from: IdFrom,
    missing: Counter,
    told: AtomicBool,
}

/// Id of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Id {
    /// The id.
    pub(super) text: String,
    /// True if the same request gets the same id when it is repeated, so that it is stored once.
    pub(super) comes_again: bool,
}

impl Identity {
    /// Ids as this source declares them.
    pub(super) fn new(source: &'static Source, from: IdFrom) -> Self {
        Identity {
            source: source.name,
            from,
            missing: IDS_MISSING.with([source.name]),
            told: AtomicBool::new(false),
        }
    }

    /// Declared id in a request's headers; none if the source doesn't declare headers.
    pub(super) fn of_headers(&self, headers: &HeaderMap) -> Option<Declared> {
        let IdFrom::Header(name) = self.from else {
            return None;
        };
        let values = headers.get_all(name).iter();
        let texts = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let texts: Declared = texts.filter(|text| !text.is_empty()).collect();
        (!texts.is_empty()).then_some(texts)
    }

    /// True if the id will be unique to this request, as far as its headers tell.
    pub(super) fn is_new(&self, of_headers: Option<&Declared>) -> bool {
        match self.from {
            IdFrom::Fields(_) => false,
            _ => of_headers.is_none(),
        }
    }

    /// Id of a message. Without the declared value it is a new one that no other request gets: two messages that look
    /// alike may both be meant. But where a time is `signed` with the body, a request that says the same to the letter
    /// was recorded and is sent again, and it has the id that it had. Its sender would sign another time.
    pub(super) fn make(
        &self,
        of_headers: Option<Declared>,
        signed: Option<Declared>,
        object: &Map<String, Value>,
        body: &[u8],
    ) -> Id {
        let declared = match self.from {
            IdFrom::Fields(paths) => fields(paths, object),
            _ => of_headers,
        };
        if let Some(declared) = declared {
            return Id {
                text: of_request(self.source, &declared, body).to_string(),
                comes_again: true,
            };
        }
        if self.from != IdFrom::Request {
            self.tell();
        }
        let text = match signed {
            Some(signed) => of_request(self.source, &signed, body),
            None => Uuid::now_v7(),
        };
        Id {
            text: text.to_string(),
            comes_again: false,
        }
    }

    fn tell(&self) {
        self.missing.increment(1);
        if !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                source = self.source,
                id = ?self.from,
                metric = IDS_MISSING.name(),
                "A request lacks the header or fields that `id` declares and gets a new id: if it is repeated, it is stored again. \
                 The metric counts further ones."
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn identity(from: IdFrom) -> Identity {
        Identity {
            source: "shop",
            from,
            missing: Counter::noop(),
            told: AtomicBool::new(false),
        }
    }

    #[test]
    fn a_request_without_the_header_is_itself_each_time() {
        let shop = identity(IdFrom::Header("x-id"));
        let make = |value: Option<&'static str>| {
            let value = value.map(|value| ("x-id", HeaderValue::from_static(value)));
            let mut headers = HeaderMap::new();
            headers.extend(value.map(|(name, value)| (name.parse().ok(), value)));
            shop.make(shop.of_headers(&headers), None, &Map::new(), b"{}")
        };
        assert_eq!(make(Some("a")), make(Some("a")));
        assert_ne!(make(Some("a")), make(Some("b")));
        for missing in [None, Some("")] {
            let (one, other) = (make(missing), make(missing));
            assert!(!one.comes_again && !other.comes_again);
            assert_ne!(one, other);
        }
    }

    #[test]
    fn equal_requests_are_two_where_nothing_is_declared() {
        let any = identity(IdFrom::Request);
        let make = || any.make(None, None, &Map::new(), b"{}");
        assert_ne!(make(), make());
        assert!(!make().comes_again);
        let signed = |time: &str| {
            let signed = Some(vec![time.to_owned()]);
            any.make(None, signed, &Map::new(), b"{}")
        };
        assert_eq!(signed("1"), signed("1"));
        assert_ne!(signed("1"), signed("2"));
        assert!(!signed("1").comes_again);
    }
}
