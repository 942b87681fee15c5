//! Milliseconds and seconds since the epoch, as numbers and in digits.

use crate::time::MILLIS_RANGE;

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
    text.parse().ok().or_else(|| double(text))
}

/// The value of a whole number with a fraction of zeros or an exponent.
fn double(text: &str) -> Option<i64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let is_digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    let has_digits = whole.ends_with(|last: char| last.is_ascii_digit());
    let zeros = u32::try_from(exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?).ok()?;
    let digits: i64 = format!("{whole}{fraction}").parse().ok()?;
    let value = digits.checked_mul(10_i64.checked_pow(zeros)?)?;
    (is_digits && has_digits).then_some(value)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

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
        for double in ["1.76E12", "1.76e+12", "1760000000000.0"] {
            assert_eq!(
                epoch_millis(double),
                Ok(Some(1_760_000_000_000)),
                "{double}"
            );
        }
        for wrong in ["1.7600000000005E12", "1e400", "e12", "1.76E12 ", "0x1p3"] {
            assert!(epoch_millis(wrong).is_err(), "{wrong}");
        }
        let reason = epoch_millis(b"soon\xff").unwrap_err();
        assert!(reason.contains("soon"), "{reason}");
    }
}
