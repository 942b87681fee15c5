//! Numbers of JSON with the digits that they were written with, and what they are as integers and floats: exactly, or
//! not at all.

use std::fmt;

/// A number.
#[derive(Debug, Clone)]
pub enum Number {
    /// An integer of 64 bits.
    Signed(i64),
    /// A larger one, without a sign.
    Unsigned(u64),
    /// A floating-point number that came as such, not as text. It is finite.
    Double(f64),
    /// Any other one, as it is written in JSON: beyond 64 bits, with a point, with an exponent, or `-0`.
    Written(Box<str>),
}

/// Storage of a number in a column without a type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Plain {
    /// An integer of 64 bits.
    Signed(i64),
    /// A larger one, without a sign.
    Unsigned(u64),
    /// An integer of 256 bits, little endian.
    Wide([u8; 32]),
    /// A floating-point number.
    Double(f64),
}

/// The digits that an integer of 256 bits holds, whatever they are.
const WIDE_DIGITS: usize = 76;

impl Number {
    /// A number from its JSON text.
    pub fn written(text: &str) -> Self {
        let digits = text.strip_prefix('-').unwrap_or(text);
        // Zero with a sign is written so for a reason, and an integer has no such zero.
        if text != "-0" && digits.len() <= 20 && digits.bytes().all(|b| b.is_ascii_digit()) {
            if let Ok(value) = text.parse() {
                return Number::Signed(value);
            }
            if let Ok(value) = text.parse() {
                return Number::Unsigned(value);
            }
        }
        Number::Written(text.into())
    }

    /// A finite number; none of another one.
    pub fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then_some(Number::Double(value))
    }

    /// The integer of 64 bits that it is, however it is written.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Number::Signed(value) => Some(*value),
            Number::Unsigned(_) => None,
            number => integer(&number.to_string())?.try_into().ok(),
        }
    }

    /// The integer of 64 bits without a sign that it is, however it is written.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Number::Signed(value) => (*value).try_into().ok(),
            Number::Unsigned(value) => Some(*value),
            number => integer(&number.to_string())?.try_into().ok(),
        }
    }

    /// The floating-point number that it is. A fraction is the one next to it; a whole number is exact.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Number::Double(value) => Some(*value),
            number => double(&number.to_string()),
        }
    }

    /// Value as a 32-bit float.
    pub fn as_f32(&self) -> Option<f32> {
        float(&self.to_string())
    }

    /// Storage of a number, as ClickHouse's own parser chooses it; and an integer beyond 64 bits, which that parser
    /// refuses.
    ///
    /// # Errors
    ///
    /// If nothing holds it; says why, and what would be accepted.
    pub fn plain(&self) -> Result<Plain, String> {
        let text = match self {
            Number::Signed(value) => return Ok(Plain::Signed(*value)),
            Number::Unsigned(value) => return Ok(Plain::Unsigned(*value)),
            Number::Double(value) => return Ok(Plain::Double(*value)),
            Number::Written(text) => text,
        };
        if &**text == "-0" {
            return Ok(Plain::Signed(0));
        }
        if !text.contains(['.', 'e', 'E']) {
            return wide(text).map(Plain::Wide).ok_or_else(|| {
                format!(
                    "is an integer of {} digits; at most {WIDE_DIGITS} are possible; send it as text",
                    text.len()
                )
            });
        }
        let value: f64 = text.parse().unwrap_or(f64::NAN);
        let lost = !value.is_finite() || value == 0.0 && !is_zero(text);
        match lost {
            false => Ok(Plain::Double(value)),
            true => Err(format!(
                "is {}, which is out of the range of a floating-point number of eight bytes; send it as text",
                shown(text)
            )),
        }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Number::Signed(value)
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or(Number::Unsigned(value), Number::Signed)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Signed(value) => write!(f, "{value}"),
            Number::Unsigned(value) => write!(f, "{value}"),
            // The shortest text that leads back to it, with an exponent where it is large or small.
            Number::Double(value) => write!(f, "{value:?}"),
            Number::Written(text) => f.write_str(text),
        }
    }
}

/// Equal if they are written alike.
impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Number::Signed(a), Number::Signed(b)) => a == b,
            (Number::Unsigned(a), Number::Unsigned(b)) => a == b,
            (a, b) => a.to_string() == b.to_string(),
        }
    }
}

/// A decimal number: its digits as a whole number without zeros at its ends, and the power of ten to multiply it by.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    power: i64,
}

/// Reads a decimal number as people write it: a sign, leading zeros, a point and an exponent may be there.
fn decimal(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
        None => (text, 0),
    };
    let negative = mantissa.starts_with('-');
    let mantissa = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = || whole.bytes().chain(fraction.bytes());
    if all().next().is_none() || !all().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut digits: Vec<u8> = all().skip_while(|b| *b == b'0').map(|b| b - b'0').collect();
    let mut power = exponent.saturating_sub(fraction.len() as i64);
    let kept = digits.iter().rposition(|d| *d != 0).map_or(0, |at| at + 1);
    power = power.saturating_add((digits.len() - kept) as i64);
    digits.truncate(kept);
    if digits.is_empty() {
        power = 0;
    }
    Some(Decimal {
        negative,
        digits,
        power,
    })
}

/// An exponent; one that no integer holds is as good as the largest.
fn exponent_of(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse().unwrap_or(i64::MAX / 2).min(i64::MAX / 2);
    Some(if text.starts_with('-') { -size } else { size })
}

fn is_zero(text: &str) -> bool {
    decimal(text).is_some_and(|d| d.digits.is_empty())
}

/// The integer that a text stands for, however it is written: `5`, `+5`, `5.0`, `0.5e1`. None if it is no whole number,
/// or one of more than 38 digits.
pub(super) fn integer(text: &str) -> Option<i128> {
    let number = decimal(text)?;
    let zeros = u32::try_from(number.power).ok()?;
    if number.digits.len() + zeros as usize > 38 {
        return None;
    }
    let digits = number.digits.iter();
    let size = digits.fold(0_i128, |sum, digit| sum * 10 + i128::from(*digit));
    let size = size * 10_i128.pow(zeros);
    Some(if number.negative { -size } else { size })
}

/// The floating-point number that a text stands for. A fraction is the one next to it, as everywhere. None if that
/// would be another number to whoever sent it: one that is too large or too small, or a whole number that can't be told
/// from its neighbours.
pub(super) fn double(text: &str) -> Option<f64> {
    let number = decimal(text)?;
    let value: f64 = text.parse().ok()?;
    let shown = || format!("{value:e}");
    is_held(&number, 15, value, shown).then_some(value)
}

/// Nearest 32-bit float.
pub(super) fn float(text: &str) -> Option<f32> {
    let number = decimal(text)?;
    let value: f32 = text.parse().ok()?;
    let shown = || format!("{value:e}");
    is_held(&number, 6, f64::from(value), shown).then_some(value)
}

/// True if a float holds a number. With so few digits each has its own; with more, it may be the number exactly, or the
/// one that is written with these digits.
fn is_held(number: &Decimal, few: usize, value: f64, shown: impl Fn() -> String) -> bool {
    if !value.is_finite() || number.digits.is_empty() != (value == 0.0) {
        return false;
    }
    if number.power < 0 || number.digits.len() <= few {
        return true;
    }
    decimal(&shown()).as_ref() == Some(number)
        // Every whole float below this is an integer of so many bits.
        || value.abs() < 1e38 && decimal(&(value as i128).to_string()).as_ref() == Some(number)
}

/// An integer of 256 bits, little endian in two's complement.
fn wide(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.len() > WIDE_DIGITS {
        return None;
    }
    let mut bytes = [0_u8; 32];
    let add = |bytes: &mut [u8; 32], factor: u32, more: u32| {
        let mut carry = more;
        for byte in bytes {
            let sum = u32::from(*byte) * factor + carry;
            *byte = sum as u8;
            carry = sum >> 8;
        }
    };
    for digit in digits.bytes() {
        add(&mut bytes, 10, u32::from(digit.checked_sub(b'0')?));
    }
    if text.starts_with('-') {
        bytes.iter_mut().for_each(|byte| *byte = !*byte);
        add(&mut bytes, 1, 1);
    }
    Some(bytes)
}

fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(40).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests;
