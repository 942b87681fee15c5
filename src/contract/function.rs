//! The functions of column expressions.
//!
//! They fail with a reason only; generated code adds the column.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDateTime, SecondsFormat, TimeZone, Utc};
use prost::Message as _;

use super::first_name;
use super::json::{Map, Value, parse, whole};

mod object;
mod structs;
mod user_agent;

pub use object::{copy, json_text, nothing, one_of, put, rfc3339, without, without_nulls};
pub use structs::struct_object;
pub use user_agent::{UserAgent, user_agent};

/// The range of `DateTime64(3)`: 1900-01-01 to the end of 2299, in milliseconds since the epoch.
/// <https://clickhouse.com/docs/sql-reference/data-types/datetime64>
pub const MILLIS_RANGE: std::ops::RangeInclusive<i64> = -2_208_988_800_000..=10_413_791_999_999;

/// Decimal milliseconds since the epoch; empty is absent.
#[inline]
pub fn epoch_millis(text: impl AsRef<[u8]>) -> Result<Option<i64>, String> {
    let text = text.as_ref();
    if text.is_empty() {
        return Ok(None);
    }
    let millis = digits(text).or_else(|| number(text));
    epoch_millis_int(millis.ok_or_else(|| not_a_number(text, "milliseconds"))?)
}

/// The value of a text of a few digits and nothing else, as most are.
#[inline]
fn digits(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut value = 0;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(value)
}

/// The value of a text, with a sign perhaps, or as some languages write a double that is a whole number: `1.76E12`.
fn number(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    text.parse().ok().or_else(|| whole(text))
}

/// Milliseconds since the epoch.
#[inline]
pub fn epoch_millis_int(millis: i64) -> Result<Option<i64>, String> {
    if MILLIS_RANGE.contains(&millis) {
        return Ok(Some(millis));
    }
    Err(format!(
        "{millis} ms is not between the years 1900 and 2299"
    ))
}

/// Decimal seconds since the epoch, as milliseconds; empty is absent.
pub fn epoch_seconds(text: impl AsRef<[u8]>) -> Result<Option<i64>, String> {
    let text = text.as_ref();
    if text.is_empty() {
        return Ok(None);
    }
    epoch_seconds_int(number(text).ok_or_else(|| not_a_number(text, "seconds"))?)
}

/// Seconds since the epoch, as milliseconds.
pub fn epoch_seconds_int(seconds: i64) -> Result<Option<i64>, String> {
    match seconds.checked_mul(1000) {
        Some(millis) if MILLIS_RANGE.contains(&millis) => Ok(Some(millis)),
        _ => Err(format!(
            "{seconds} s is not between the years 1900 and 2299"
        )),
    }
}

fn not_a_number(text: &[u8], unit: &str) -> String {
    let shown: String = String::from_utf8_lossy(text).chars().take(40).collect();
    format!("{shown:?} is not a whole number of {unit} since 1970")
}

/// An instant that isn't in the future: a later one, or none, becomes the server's clock.
#[inline]
pub fn not_after(at: Option<i64>, now_ms: i64) -> i64 {
    at.map_or(now_ms, |at| at.min(now_ms))
}

/// A time in words, as seconds since the epoch; empty is absent. The zone is empty where the text has an offset.
pub fn datetime(text: &str, format: &str, zone: &str) -> Result<Option<u32>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    u32::try_from(time_in_words(text, format, zone)?.timestamp())
        .map(Some)
        .map_err(|_| format!("{:?} is not between the years 1970 and 2106", shown(text)))
}

/// A time in words, as microseconds since the epoch; empty is absent. The zone is empty where the text has an offset.
pub fn datetime_micros(text: &str, format: &str, zone: &str) -> Result<Option<i64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let at = time_in_words(text, format, zone)?;
    if MILLIS_RANGE.contains(&at.timestamp_millis()) {
        return Ok(Some(at.timestamp_micros()));
    }
    Err(format!(
        "{:?} is not between the years 1900 and 2299",
        shown(text)
    ))
}

fn time_in_words(text: &str, format: &str, zone: &str) -> Result<DateTime<Utc>, String> {
    let unlike = |_| format!("{:?} is not a time like {format:?}", shown(text));
    if zone.is_empty() {
        return Ok(DateTime::parse_from_str(text, format)
            .map_err(unlike)?
            .to_utc());
    }
    let naive = NaiveDateTime::parse_from_str(text, format).map_err(unlike)?;
    let zone: chrono_tz::Tz = zone
        .parse()
        .map_err(|_| format!("there is no time zone {zone:?}"))?;
    // Where clocks go back an hour comes twice; the first is as good as the second.
    zone.from_local_datetime(&naive)
        .earliest()
        .map(|at| at.to_utc())
        .ok_or_else(|| {
            format!(
                "{:?} does not exist in {zone}, clocks skipped it",
                shown(text)
            )
        })
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Text that holds a JSON object; empty is absent, and so is `null`.
pub fn parse_json(text: &str) -> Result<Option<Map<String, Value>>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let not_one = |why: String| format!("{:?} is not a JSON object in text: {why}", shown(text));
    match parse(text.as_bytes()).map_err(|fault| not_one(fault.to_string()))? {
        Value::Null => Ok(None),
        Value::Object(object) => Ok(Some(object)),
        _ => Err(not_one("it is something else".into())),
    }
}

/// A header out of an object of headers, whatever the case of its name; of a list the first. A number or truth value
/// is the text that it is written as.
pub fn header<'a>(headers: &'a Map<String, Value>, name: &str) -> Option<Cow<'a, str>> {
    let found = headers
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    let value = match found.1 {
        Value::Array(values) => values.first()?,
        value => value,
    };
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(_) | Value::Bool(_) => Some(Cow::Owned(value.to_string())),
        _ => None,
    }
}

/// Text, borrowed or owned.
pub fn cow<'a>(text: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
    text.into()
}

/// An address without its query and fragment.
pub fn without_query(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// An object with one more member, where there is a value for it.
pub fn with<'a>(
    object: &'a Map<String, Value>,
    key: &str,
    value: Option<impl Into<Value>>,
) -> Cow<'a, Map<String, Value>> {
    let Some(value) = value else {
        return Cow::Borrowed(object);
    };
    let mut object = object.clone();
    object.insert(key.to_owned(), value.into());
    Cow::Owned(object)
}

/// The name of an enum's value; an unknown one's number.
pub fn enum_name(names: &'static [(i32, &'static str)], number: i32) -> Cow<'static, str> {
    match first_name(names, number) {
        Some(name) => Cow::Borrowed(name),
        None => Cow::Owned(number.to_string()),
    }
}

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

/// Upper case.
pub fn upper(text: &str) -> String {
    text.to_uppercase()
}

/// Lower case.
pub fn lower(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_in_digits_is_what_a_parser_reads() {
        let plain = [
            "0",
            "7",
            "007",
            "+5",
            "-5",
            "1760000000000",
            "000000000001760000000000",
        ];
        let wrong = [
            "-",
            "+",
            "1 2",
            " 1",
            "1.5",
            "12a",
            "９",
            "99999999999999999999",
            "\u{fffd}",
        ];
        let edges = [
            "-2208988800000",
            "10413791999999",
            "10413792000000",
            "999999999999999999",
        ];
        for text in plain.iter().chain(&wrong).chain(&edges) {
            let parsed = text
                .parse()
                .ok()
                .filter(|millis| MILLIS_RANGE.contains(millis));
            assert_eq!(epoch_millis(text).ok(), parsed.map(Some), "{text}");
        }
        assert_eq!(epoch_millis(""), Ok(None));
        for double in [
            "1.76E12",
            "1.76e+12",
            "1760000000000.0",
            "17600000000000e-1",
        ] {
            assert_eq!(
                epoch_millis(double),
                Ok(Some(1_760_000_000_000)),
                "{double}"
            );
        }
        for wrong in [
            "1.7600000000005E12",
            "1e400",
            "1.",
            "e12",
            "1.76E12 ",
            "0x1p3",
        ] {
            assert!(epoch_millis(wrong).is_err(), "{wrong}");
        }
        let reason = epoch_millis(b"soon\xff").unwrap_err();
        assert!(reason.contains("soon"), "{reason}");
    }

    #[test]
    fn times_are_read_in_their_zone_or_with_their_offset() {
        let plain = "%Y-%m-%d %H:%M:%S";
        let india = datetime("2025-10-09 14:23:20", plain, "Asia/Kolkata");
        assert_eq!(india, Ok(Some(1_760_000_000)));
        let exact = "%Y-%m-%d %H:%M:%S%.f%:z";
        for text in [
            "2025-10-09 14:23:20.123456+05:30",
            "2025-10-09 08:53:20.123456+00:00",
        ] {
            assert_eq!(
                datetime_micros(text, exact, ""),
                Ok(Some(1_760_000_000_123_456))
            );
        }
        let whole = datetime_micros("2025-10-09 08:53:20+00:00", exact, "");
        assert_eq!(
            whole,
            Ok(Some(1_760_000_000_000_000)),
            "a fraction of nothing may be left out"
        );
        assert_eq!(datetime_micros("", exact, ""), Ok(None));
        assert!(datetime_micros("2025-10-09 08:53:20", exact, "").is_err());
        assert!(datetime_micros("2300-01-01 00:00:00+00:00", exact, "").is_err());
        assert!(datetime("1969-12-31 23:59:59", plain, "UTC").is_err());
    }

    #[test]
    fn text_may_hold_an_object() {
        let read = parse_json(r#" {"a":{"b":[1]}} "#).unwrap().unwrap();
        assert_eq!(Value::Object(read), json!({"a": {"b": [1]}}));
        for nothing in ["", " ", "null"] {
            assert_eq!(parse_json(nothing), Ok(None), "{nothing:?}");
        }
        for wrong in ["[1]", "{", "3", "\"text\""] {
            assert!(parse_json(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn headers_are_found_whatever_their_case() {
        let headers = json!({
            "Referer": ["a", "b"], "x-one": "1", "x-two": 2, "x-yes": true, "X-None": [], "X-Null": null,
        });
        let headers = Value::from(headers);
        let headers = headers.as_object().unwrap();
        for (name, value) in [
            ("referer", "a"),
            ("X-One", "1"),
            ("X-Two", "2"),
            ("X-Yes", "true"),
        ] {
            assert_eq!(header(headers, name).as_deref(), Some(value), "{name}");
        }
        for nothing in ["X-None", "X-Null", "X-Absent"] {
            assert_eq!(header(headers, nothing), None);
        }
    }

    #[test]
    fn an_address_ends_before_its_query() {
        assert_eq!(
            without_query("https://a.example/b?c=d#e"),
            "https://a.example/b"
        );
        assert_eq!(
            without_query("https://a.example/b#e?c"),
            "https://a.example/b"
        );
        assert_eq!(without_query(""), "");
    }

    #[test]
    fn an_object_gets_a_member_if_there_is_a_value() {
        let object = Value::from(json!({"a": 1})).as_object().cloned().unwrap();
        let more = with(&object, "v", Some("2.1")).into_owned();
        assert_eq!(Value::Object(more), json!({"a": 1, "v": "2.1"}));
        assert!(matches!(with(&object, "v", None::<i64>), Cow::Borrowed(same) if *same == object));
    }
}
