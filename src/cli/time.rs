//! Times on the command line and in its output.

use chrono::{DateTime, SecondsFormat, Utc};

/// Parses an RFC 3339 time, or an age: `90s`, `15m`, `2h`, `7d`. Returns milliseconds since the epoch.
pub(super) fn parse(text: &str) -> Result<i64, String> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at.timestamp_millis());
    }
    let wrong = || {
        format!(
            "`{text}` is neither a time like 2026-01-31T09:00:00Z nor an age like 90s, 15m, 2h or 7d"
        )
    };
    let (number, unit) = text
        .char_indices()
        .last()
        .and_then(|(at, _)| text.split_at_checked(at))
        .ok_or_else(wrong)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    Ok(Utc::now().timestamp_millis() - i64::from(number) * seconds * 1000)
}

/// Time as RFC 3339 in UTC.
pub(super) fn text(millis: i64) -> String {
    match DateTime::from_timestamp_millis(millis) {
        Some(at) => at.to_rfc3339_opts(SecondsFormat::Millis, true),
        None => format!("{millis} ms"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn takes_times_and_ages() {
        assert_eq!(
            parse("2026-01-31T09:00:00+01:00").unwrap(),
            1_769_846_400_000
        );
        let age = Utc::now().timestamp_millis() - parse("2h").unwrap();
        assert!((7_200_000..7_260_000).contains(&age), "{age}");
        for wrong in [
            "",
            "2",
            "h",
            "-2h",
            "2 hours",
            "yesterday",
            "2ü",
            "2026-01-31",
        ] {
            assert!(parse(wrong).unwrap_err().contains("7d"), "{wrong}");
        }
        assert_eq!(text(1_769_846_400_000), "2026-01-31T08:00:00.000Z");
    }
}
