//! Numbers as JSON and texts write them: exact, and refused where they are no whole number or out of range.

/// Reason why a text is not the wanted number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotThis {
    /// It is another number, or none.
    Wrong,
    /// It is a number, but too large or too small.
    OutOfRange,
}

/// More digits than any 64-bit number has.
const DIGITS: usize = 20;

/// A whole number, however it is written: `1`, `1.0`, `1e3`, `1200e-2`.
pub(super) fn whole(text: &[u8]) -> Result<i128, NotThis> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    // Nearly all are so.
    if rest.len() <= 18 && !rest.is_empty() && rest.iter().all(u8::is_ascii_digit) {
        let value = rest
            .iter()
            .fold(0_i64, |v, digit| v * 10 + i64::from(digit - b'0'));
        return Ok(i128::from(if negative { -value } else { value }));
    }
    let (mantissa, exponent) = match rest.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&rest[..at], exponent(&rest[at + 1..])?),
        None => (rest, 0),
    };
    let (before, after) = match mantissa.iter().position(|byte| *byte == b'.') {
        Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
        None => (mantissa, &mantissa[..0]),
    };
    if before.is_empty() || !before.iter().chain(after).all(u8::is_ascii_digit) {
        return Err(NotThis::Wrong);
    }
    let digits = before.iter().chain(after).copied();
    let zeros = digits
        .clone()
        .rev()
        .take_while(|digit| *digit == b'0')
        .count();
    let count = before.len() + after.len() - zeros;
    // The value is the digits without the zeros at their end, times ten to this power.
    let power = exponent
        .saturating_add(zeros as i64)
        .saturating_sub(after.len() as i64);
    let mut digits = digits
        .take(count)
        .skip_while(|digit| *digit == b'0')
        .peekable();
    if digits.peek().is_none() {
        return Ok(0);
    }
    if power < 0 {
        return Err(NotThis::Wrong);
    }
    let mut value = 0_i128;
    for (at, digit) in digits.enumerate() {
        if at == DIGITS {
            return Err(NotThis::OutOfRange);
        }
        value = value * 10 + i128::from(digit - b'0');
    }
    for _ in 0..power {
        value *= 10;
        if value > i128::from(u64::MAX) {
            return Err(NotThis::OutOfRange);
        }
    }
    Ok(if negative { -value } else { value })
}

/// An exponent; of those beyond all sense only that they are so.
fn exponent(text: &[u8]) -> Result<i64, NotThis> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(NotThis::Wrong);
    }
    let value = digits.iter().fold(0_i64, |value, digit| {
        value
            .saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'))
    });
    Ok(if negative { -value } else { value })
}

/// A number of double precision, or one of the names that JSON has no numbers for.
pub(super) fn double(text: &[u8]) -> Result<f64, NotThis> {
    float(
        text,
        f64::is_finite,
        [f64::NAN, f64::INFINITY, f64::NEG_INFINITY],
    )
}

/// A number of single precision.
pub(super) fn single(text: &[u8]) -> Result<f32, NotThis> {
    float(
        text,
        f32::is_finite,
        [f32::NAN, f32::INFINITY, f32::NEG_INFINITY],
    )
}

fn float<F: std::str::FromStr + Copy>(
    text: &[u8],
    is_finite: fn(F) -> bool,
    [nan, infinity, negative]: [F; 3],
) -> Result<F, NotThis> {
    match text {
        b"NaN" => return Ok(nan),
        b"Infinity" => return Ok(infinity),
        b"-Infinity" => return Ok(negative),
        _ => {}
    }
    // Rust knows other names for them.
    let is_number = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    if !text.iter().all(is_number) {
        return Err(NotThis::Wrong);
    }
    let text = std::str::from_utf8(text).unwrap_or_default();
    match text.parse() {
        Ok(value) if is_finite(value) => Ok(value),
        Ok(_) => Err(NotThis::OutOfRange),
        Err(_) => Err(NotThis::Wrong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_exact_however_it_is_written() {
        for (text, value) in [
            ("0", 0),
            ("-0.0", 0),
            ("0e99999999999999999999", 0),
            ("1.0", 1),
            ("1e3", 1000),
            ("1200e-2", 12),
            ("-120.50E1", -1205),
            ("9223372036854775807", i128::from(i64::MAX)),
            ("9223372036854775808.0", i128::from(i64::MAX) + 1),
            ("18446744073709551615", i128::from(u64::MAX)),
            ("1.8446744073709551615e19", i128::from(u64::MAX)),
            ("007", 7),
        ] {
            assert_eq!(whole(text.as_bytes()), Ok(value), "{text}");
        }
        for text in [
            "1.5", "1e-1", "", "-", "x", "1.2.3", "1e", "0x10", ".5", "1 2", "1000e-4",
        ] {
            assert_eq!(whole(text.as_bytes()), Err(NotThis::Wrong), "{text}");
        }
        for text in ["1e99999999999999999999", "123456789012345678901234567890"] {
            assert_eq!(whole(text.as_bytes()), Err(NotThis::OutOfRange), "{text}");
        }
    }

    #[test]
    fn a_float_is_finite_or_named() {
        assert_eq!(double(b"1e3"), Ok(1000.0));
        assert_eq!(single(b"0.1"), Ok(0.1));
        assert_eq!(single(b"1e39"), Err(NotThis::OutOfRange));
        assert_eq!(double(b"1e400"), Err(NotThis::OutOfRange));
        assert_eq!(double(b"-Infinity"), Ok(f64::NEG_INFINITY));
        assert!(double(b"NaN").is_ok_and(f64::is_nan));
        for text in ["inf", "nan", "", "1,5", "infinity", "0x1"] {
            assert_eq!(double(text.as_bytes()), Err(NotThis::Wrong), "{text}");
        }
    }
}
