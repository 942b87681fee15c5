//! Texts of JSON: what is escaped in them, and half a surrogate pair, which becomes U+FFFD.

use std::borrow::Cow;

/// A text between its quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    /// Raw text, escapes included.
    pub(super) raw: &'a [u8],
    /// True if there is a backslash in it.
    pub(super) escaped: bool,
    /// True if it certainly is ASCII as it is written.
    pub(super) ascii: bool,
}

/// Description of a syntax error.
pub(super) type Wrong = &'static str;

const NOT_UTF8: Wrong = "a text is not UTF-8";

impl<'a> Text<'a> {
    /// The bytes that it stands for, in UTF-8.
    #[inline]
    pub(super) fn bytes(&self) -> Result<Cow<'a, [u8]>, Wrong> {
        self.utf8()?;
        if !self.escaped {
            return Ok(Cow::Borrowed(self.raw));
        }
        let mut out = Vec::with_capacity(self.raw.len());
        unescape(self.raw, &mut out)?;
        Ok(Cow::Owned(out))
    }

    /// Decoded text.
    pub(super) fn text(&self) -> Result<Cow<'a, str>, Wrong> {
        Ok(match self.bytes()? {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
        })
    }

    /// Appends the bytes that it stands for.
    #[inline]
    pub(super) fn append(&self, out: &mut Vec<u8>) -> Result<(), Wrong> {
        self.utf8()?;
        match self.escaped {
            true => unescape(self.raw, out).map(drop),
            false => {
                out.extend_from_slice(self.raw);
                Ok(())
            }
        }
    }

    #[inline]
    fn utf8(&self) -> Result<(), Wrong> {
        match self.ascii || std::str::from_utf8(self.raw).is_ok() {
            true => Ok(()),
            false => Err(NOT_UTF8),
        }
    }

    /// Checks for half a surrogate pair.
    pub(super) fn check(&self) -> Result<bool, Wrong> {
        self.utf8()?;
        match self.escaped {
            true => unescape(self.raw, &mut Vec::new()),
            false => Ok(false),
        }
    }
}

/// Appends what an escaped text stands for. True if it had half a surrogate pair.
fn unescape(raw: &[u8], out: &mut Vec<u8>) -> Result<bool, Wrong> {
    let mut halves = false;
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let (before, from) = rest.split_at(at);
        out.extend_from_slice(before);
        let plain = match from.get(1) {
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(&sign @ (b'"' | b'\\' | b'/')) => sign,
            Some(b'u') => {
                let (found, length) = character(from)?;
                halves |= found.is_none();
                let found = found.unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes());
                rest = from.get(length..).unwrap_or_default();
                continue;
            }
            _ => return Err("a backslash stands before what can't be escaped"),
        };
        out.push(plain);
        rest = from.get(2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    Ok(halves)
}

/// The character that begins with `\u`, and how long it is written; none for half a surrogate pair.
fn character(from: &[u8]) -> Result<(Option<char>, usize), Wrong> {
    let first = unit(from).ok_or("four hexadecimal digits should follow \\u")?;
    if !(0xd800..0xdc00).contains(&first) {
        return Ok((char::from_u32(first), 6));
    }
    let second = from.get(6..).and_then(unit);
    let second = second.filter(|second| (0xdc00..0xe000).contains(second));
    Ok(match second {
        Some(second) => {
            let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            (char::from_u32(code), 12)
        }
        None => (None, 6),
    })
}

/// The number behind `\u`.
fn unit(from: &[u8]) -> Option<u32> {
    let digits = from.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |number, digit| {
        Some(number << 4 | char::from(*digit).to_digit(16)?)
    })
}

/// A value of JSON with U+FFFD for each half of a surrogate pair, which is as long.
pub(super) fn mended(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let (before, from) = rest.split_at(at);
        out.extend_from_slice(before);
        let (written, length) = match character(from) {
            Ok((Some(_), length)) => (from.get(..length), length),
            Ok((None, length)) => (Some(&b"\\ufffd"[..]), length),
            Err(_) => (from.get(..2), 2),
        };
        out.extend_from_slice(written.unwrap_or(from));
        rest = from.get(length..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(raw: &str) -> Result<String, Wrong> {
        let text = Text {
            raw: raw.as_bytes(),
            escaped: true,
            ascii: false,
        };
        text.text().map(Cow::into_owned)
    }

    #[test]
    fn what_is_escaped_is_what_serde_reads_and_halves_are_replaced() {
        for raw in [
            r#"a\"\\\/\b\f\n\r\t"#,
            r"\u0000\u00e9\u20ac",
            r"\ud83d\ude00x",
            "é€😀",
        ] {
            let theirs: String = serde_json::from_str(&format!("\"{raw}\"")).unwrap();
            assert_eq!(read(raw).unwrap(), theirs);
        }
        assert_eq!(read(r"a\ud83d").unwrap(), "a\u{fffd}");
        assert_eq!(
            read(r"\ude00\ud83d\u0041\ud83dz").unwrap(),
            "\u{fffd}\u{fffd}A\u{fffd}z"
        );
        assert_eq!(read(r"\ud83d\ud83d\ude00").unwrap(), "\u{fffd}😀");
        for wrong in [r"\x", r"\u12", r"\u12g4", "\\"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let raw = br#"["\\ud83d","\ud83d","\ud83d\ude00\n"]"#;
        assert_eq!(mended(raw), br#"["\\ud83d","\ufffd","\ud83d\ude00\n"]"#);
    }
}
