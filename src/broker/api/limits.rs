//! Limits of a message at the broker, and its size there.

use super::error::PublishError;
use super::message::{HeaderValue, Outgoing, Properties};
use crate::contract::{Schema, headers};
use crate::trace::TraceContext;

/// AMQP's limit for names, routing keys and the short properties, in bytes.
pub const SHORT: usize = 255;

/// The most that a broker takes of one message, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Maximum size of the properties, as AMQP writes them ([`Properties::encoded_len`]).
    pub properties: usize,
    /// Maximum size of the body.
    pub body: usize,
}

impl Limits {
    /// No limits.
    pub const NONE: Limits = Limits {
        properties: usize::MAX,
        body: usize::MAX,
    };

    /// Refuses what can't be written in AMQP, or is too large for the broker.
    pub fn check(&self, message: &Outgoing) -> Result<(), PublishError> {
        let properties = &message.properties;
        let short = [
            ("exchange", Some(message.exchange.len())),
            ("routing key", Some(message.routing_key.len())),
            (
                "content type",
                properties.content_type.as_ref().map(|text| text.len()),
            ),
            (
                "message id",
                properties.message_id.as_ref().map(String::len),
            ),
            ("type", properties.kind.as_ref().map(|text| text.len())),
            (
                "header name",
                properties.headers.iter().map(|(name, _)| name.len()).max(),
            ),
        ];
        for (what, size) in short {
            if let Some(size) = size.filter(|size| *size > SHORT) {
                return Err(PublishError::TooLong { what, size });
            }
        }
        let (size, limit) = (properties.encoded_len(), self.properties);
        if size > limit {
            return Err(PublishError::HeadersTooLarge { size, limit });
        }
        let (size, limit) = (message.body.len(), self.body);
        if size > limit {
            return Err(PublishError::TooLarge { size, limit });
        }
        Ok(())
    }
}

impl Properties {
    /// Encoded length in AMQP, in bytes. Properties travel in one frame, which can't be divided.
    pub fn encoded_len(&self) -> usize {
        let short = |text: Option<usize>| text.map_or(0, |size| 1 + size);
        let further = self.headers.iter();
        let further: usize = further.map(|(name, value)| header_len(name, value)).sum();
        const SCHEMA: usize = 2 + headers::SCHEMA.len() + 4 + Schema::LEN;
        const TRACE: usize = 2 + headers::TRACE.len() + 4 + TraceContext::LEN;
        // The flags, the delivery mode, the timestamp and the size of the headers.
        const FIXED: usize = 2 + 1 + 8 + 4;
        FIXED
            + short(self.content_type.as_ref().map(|text| text.len()))
            + short(self.message_id.as_ref().map(String::len))
            + short(self.kind.as_ref().map(|text| text.len()))
            + self.schema.map_or(0, |_| SCHEMA)
            + self.trace.map_or(0, |_| TRACE)
            + further
    }
}

/// Encoded length of a header in AMQP, in bytes.
pub fn header_len(name: &str, value: &HeaderValue) -> usize {
    let value = match value {
        HeaderValue::Text(text) => 4 + text.len(),
        HeaderValue::Integer(_) => 8,
        HeaderValue::Boolean(_) => 1,
    };
    // The sizes of both, and the letter of the type.
    2 + name.len() + value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_take_what_amqp_writes() {
        let properties = Properties {
            content_type: Some("application/json".into()),
            message_id: Some("id".into()),
            kind: Some("event.Events".into()),
            timestamp: Some(1),
            schema: Schema::parse("00c0ffee00c0ffee"),
            trace: TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            headers: vec![
                ("a".into(), HeaderValue::Text("text".into())),
                ("bc".into(), HeaderValue::Integer(-1)),
                ("def".into(), HeaderValue::Boolean(true)),
            ],
        };
        // Flags; the texts with their sizes; the size of the table and its entries; delivery mode; time.
        let schema = 2 + 8 + 4 + 16;
        let trace = 2 + 11 + 4 + 55;
        let headers = 4 + (2 + 1 + 4 + 4) + (2 + 2 + 8) + (2 + 3 + 1) + schema + trace;
        let expected = 2 + (1 + 16) + headers + 1 + (1 + 2) + 8 + (1 + 12);
        assert_eq!(properties.encoded_len(), expected);
    }

    #[test]
    fn what_is_over_a_limit_is_said_with_the_limit() {
        let limits = Limits {
            properties: 100,
            body: 10,
        };
        let message = |name: &str, body: &'static str| {
            let headers = vec![(name.to_owned().into(), HeaderValue::Text("x".repeat(60)))];
            Outgoing::new("in", "key", body).with(Properties {
                headers,
                ..Properties::default()
            })
        };
        assert_eq!(limits.check(&message("a", "1234567890")), Ok(()));
        let refused = limits.check(&message("a", "12345678901"));
        assert_eq!(
            refused,
            Err(PublishError::TooLarge {
                size: 11,
                limit: 10
            })
        );
        let refused = limits.check(&message(&"a".repeat(20), ""));
        let expected = PublishError::HeadersTooLarge {
            size: 101,
            limit: 100,
        };
        assert_eq!(refused, Err(expected));
        let refused = limits.check(&message(&"a".repeat(256), ""));
        assert!(matches!(
            refused,
            Err(PublishError::TooLong { size: 256, .. })
        ));
    }
}
