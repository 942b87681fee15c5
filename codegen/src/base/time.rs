//! Times as they stand in the names of files.

use chrono::DateTime;

/// Seconds since the epoch as `YYYYMMDDTHHMMSS` in UTC. A time that no calendar has is the epoch, before which no
/// migration was made.
pub(crate) fn stamp(now: u64) -> String {
    let at = i64::try_from(now).ok();
    let at = at.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    at.unwrap_or_default().format("%Y%m%dT%H%M%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_the_utc_time() {
        assert_eq!(stamp(0), "19700101T000000");
        assert_eq!(stamp(951_782_400), "20000229T000000");
        assert_eq!(stamp(1_795_468_500), "20261123T211500");
    }
}
