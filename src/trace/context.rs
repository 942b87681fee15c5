//! Trace context: the trace and the span that something belongs to, as the header `traceparent` of W3C says it.

use std::fmt;

/// Trace context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceContext {
    pub(super) trace: [u8; 16],
    pub(super) span: [u8; 8],
    sampled: bool,
}

impl TraceContext {
    /// Number of characters of a context as a text.
    pub const LEN: usize = 55;

    /// Context of a span that is recorded.
    pub(super) fn of(trace: [u8; 16], span: [u8; 8]) -> Self {
        TraceContext {
            trace,
            span,
            sampled: true,
        }
    }

    /// Reads `traceparent`; none if it is no such thing. Versions that are not known yet begin like the first one.
    pub fn parse(text: &str) -> Option<Self> {
        let (known, rest) = text.split_at_checked(Self::LEN)?;
        let mut parts = known.split('-');
        let [version] = digits(parts.next()?)?;
        let context = TraceContext {
            trace: digits(parts.next()?)?,
            span: digits(parts.next()?)?,
            sampled: digits::<1>(parts.next()?)?[0] & 1 == 1,
        };
        let is_whole = match version {
            0 => rest.is_empty(),
            u8::MAX => false,
            _ => rest.is_empty() || rest.starts_with('-'),
        };
        let has_ids = context.trace != [0; 16] && context.span != [0; 8];
        (is_whole && has_ids && parts.next().is_none()).then_some(context)
    }

    /// True if whoever it comes from records its span.
    pub fn is_sampled(&self) -> bool {
        self.sampled
    }
}

/// Bytes that are written as hexadecimal digits in lower case.
fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let value = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(bytes)
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("00-")?;
        self.trace
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("-")?;
        self.span
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, "-{:02x}", u8::from(self.sampled))
    }
}

#[cfg(test)]
mod tests {
    use super::TraceContext;

    const TEXT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_context_is_read_as_it_was_written() {
        let context = TraceContext::parse(TEXT);
        assert_eq!(context.map(|c| c.to_string()).as_deref(), Some(TEXT));
        assert_eq!(TEXT.len(), TraceContext::LEN);
        assert_eq!(context.map(|c| c.is_sampled()), Some(true));
        // Only the last bit of the flags says it, and a later version may say more.
        for (flags, sampled) in [("00", false), ("02", false), ("03", true), ("ff", true)] {
            for (version, rest) in [("00", ""), ("01", ""), ("cc", "-more")] {
                let text = format!("{version}{}{flags}{rest}", &TEXT[2..53]);
                let read = TraceContext::parse(&text);
                assert_eq!(read.map(|c| c.is_sampled()), Some(sampled), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_context_is_none() {
        let zero = |from: usize, len: usize| {
            let mut text = TEXT.to_owned();
            text.replace_range(from..from + len, &"0".repeat(len));
            text
        };
        for text in [
            "",
            "00",
            &TEXT[..54],
            &format!("{TEXT}0"),
            &format!("{TEXT}-00"),
            &format!("cc{}0", &TEXT[2..]),
            &format!("ff{}", &TEXT[2..]),
            &TEXT.to_uppercase(),
            &TEXT.replace('-', "_"),
            &TEXT.replace("af", "ä"),
            &zero(3, 32),
            &zero(36, 16),
        ] {
            assert_eq!(TraceContext::parse(text), None, "{text}");
        }
    }
}
