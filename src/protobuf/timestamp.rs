//! `google.protobuf.Timestamp`.

use chrono::{DateTime, SecondsFormat, Utc};
use prost::Message as _;

use crate::time::MILLIS_RANGE;

/// A `google.protobuf.Timestamp` in microseconds since the epoch.
pub fn timestamp_micros(bytes: &[u8]) -> Result<i64, String> {
    let at = instant(bytes)?;
    if MILLIS_RANGE.contains(&at.timestamp_millis()) {
        return Ok(at.timestamp_micros());
    }
    Err(format!("{at} is not between the years 1900 and 2299"))
}

/// A `google.protobuf.Timestamp` as proto3 JSON writes it.
pub fn timestamp_text(bytes: &[u8]) -> Result<String, String> {
    Ok(instant(bytes)?.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

fn instant(bytes: &[u8]) -> Result<DateTime<Utc>, String> {
    let sent = prost_types::Timestamp::decode(bytes).map_err(|e| e.to_string())?;
    u32::try_from(sent.nanos)
        .ok()
        .and_then(|nanos| DateTime::from_timestamp(sent.seconds, nanos))
        .ok_or_else(|| format!("{} s and {} ns is no time", sent.seconds, sent.nanos))
}
