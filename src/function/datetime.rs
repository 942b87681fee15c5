//! Times in words, in a time zone or with an offset; and clocks that are ahead.

use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};

use super::text::shown;
use crate::time::MILLIS_RANGE;

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
    // A time in the hour that is repeated when clocks go back is ambiguous; the first is as good as the second.
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

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
}
