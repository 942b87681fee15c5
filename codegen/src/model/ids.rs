//! Versions of the ids of app events that come without one.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

/// Version of the ids of app events that come without one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ids {
    /// `ids: 1`: of the bytes of header and event.
    #[default]
    Bytes,
    /// `ids: 2`: of what they say.
    Content {
        /// `from`: events with an earlier timestamp get ids of version 1. In milliseconds since the epoch.
        from_ms: Option<i64>,
    },
}

impl fmt::Display for Ids {
    /// Text as in the lock.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ids::Bytes => write!(f, "1"),
            Ids::Content { from_ms: None } => write!(f, "2"),
            Ids::Content {
                from_ms: Some(from_ms),
            } => write!(f, "2 from {}", time(*from_ms)),
        }
    }
}

fn time(millis: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(millis)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
