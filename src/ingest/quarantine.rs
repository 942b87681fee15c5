//! Events that go to no table: they are published to the source's `rejects`, one to a message, with the reason.
//!
//! An event of a type that this build doesn't know is always kept: a later build can replay it. A rejected event,
//! whose sender is told what is wrong with it, is kept up to a rate, so that a broken client can't flood the store.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use xxhash_rust::xxh3::xxh3_128;

use super::group::Batch;
use super::publisher::{batch_properties, now};
use super::scan::{Event, Verdict};
use crate::broker::{HeaderValue, Outgoing};
use crate::contract::{Route, Source, headers};

/// How many rejected events are kept a second, in the long run.
const RATE: f64 = 100.0;
/// How many are kept at once.
const BURST: f64 = 1000.0;

/// Where the rejected events of a source go.
#[derive(Debug)]
pub struct Quarantine {
    source: &'static Source,
    fingerprint: &'static str,
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Quarantine {
    /// The quarantine of a source of the pipeline with this fingerprint.
    pub fn new(source: &'static Source, fingerprint: &'static str) -> Self {
        let bucket = Mutex::new(Bucket {
            tokens: BURST,
            filled: Instant::now(),
        });
        Quarantine {
            source,
            fingerprint,
            bucket,
        }
    }

    /// Where the events go, if anything keeps them.
    pub fn route(&self) -> Option<Route> {
        self.source.rejects
    }

    /// Whether one more rejected event may be kept now.
    pub fn has_room(&self) -> bool {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let gained = now.duration_since(bucket.filled).as_secs_f64() * RATE;
        bucket.tokens = (bucket.tokens + gained).min(BURST);
        bucket.filled = now;
        let room = bucket.tokens >= 1.0;
        if room {
            bucket.tokens -= 1.0;
        }
        room
    }

    /// The message that keeps an event.
    pub fn message(&self, route: Route, batch: &Batch<'_>, event: &Event<'_>) -> Outgoing {
        let body = batch.alone(event);
        let event_type = match &event.verdict {
            Verdict::Good(kind) => kind.name.to_owned(),
            Verdict::UnknownType(number) => number.to_string(),
            _ => String::new(),
        };
        let mut properties = batch_properties(format!("{:032x}", self.id(&body)));
        let text = |value: &str| HeaderValue::Text(value.to_owned());
        let millis = HeaderValue::Integer(i64::try_from(now().as_millis()).unwrap_or(i64::MAX));
        properties.headers = vec![
            (
                headers::DEAD_REASON.into(),
                HeaderValue::Text(event.verdict.reason()),
            ),
            (headers::DEAD_CLASS.into(), text(event.verdict.class())),
            (headers::DEAD_QUEUE.into(), text(self.source.name)),
            (headers::DEAD_EXCHANGE.into(), text(self.source.exchange)),
            (headers::DEAD_ROUTING_KEY.into(), text(&event_type)),
            (headers::DEAD_EVENT_TYPE.into(), text(&event_type)),
            (headers::DEAD_ATTEMPTS.into(), HeaderValue::Integer(1)),
            (headers::DEAD_FIRST_FAILED.into(), millis.clone()),
            (headers::DEAD_LAST_FAILED.into(), millis.clone()),
            (headers::DEAD_SENT.into(), millis),
            (headers::DEAD_FINGERPRINT.into(), text(self.fingerprint)),
        ];
        Outgoing::new(route.exchange, route.routing_key, body).with(properties)
    }

    /// The same for the same event of the same source.
    fn id(&self, body: &[u8]) -> u128 {
        let mut bytes = Vec::with_capacity(self.source.name.len() + 1 + body.len());
        bytes.extend_from_slice(self.source.name.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(body);
        xxh3_128(&bytes)
    }
}

impl Verdict {
    /// What is wrong with the event, for people; empty if nothing is.
    pub fn reason(&self) -> String {
        match self {
            Verdict::Good(_) => String::new(),
            Verdict::UnknownType(number) => {
                format!("this server knows no event type {number}")
            }
            Verdict::NoType => "it has no type: no variant of the oneof is set".to_owned(),
            Verdict::BadTimestamp(reason) => format!("timestamp: {reason}"),
            Verdict::Malformed(bad) => bad.to_string(),
        }
    }

    /// What is wrong with the event, as a short stable word.
    pub fn class(&self) -> &'static str {
        match self {
            Verdict::Good(_) => "good",
            Verdict::UnknownType(_) => "unknown_type",
            Verdict::NoType => "no_type",
            Verdict::BadTimestamp(_) => "bad_timestamp",
            Verdict::Malformed(_) => "malformed",
        }
    }
}
