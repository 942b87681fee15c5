//! Reading protobuf's wire format without decoding messages.
//!
//! The format: <https://protobuf.dev/programming-guides/encoding/>. What is accepted is what prost 0.14 accepts,
//! to the byte: an event that passes here decodes there, and the other way round.

use super::Bad;

/// How deep messages and groups may nest, as in prost.
pub const RECURSION_LIMIT: u32 = 100;

/// How a field's value is laid out: the low three bits of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum WireType {
    Varint,
    SixtyFourBit,
    LengthDelimited,
    StartGroup,
    EndGroup,
    ThirtyTwoBit,
}

/// Reads a varint at `at` and moves behind it: at most ten bytes and 64 bits.
#[inline(always)]
pub fn varint(bytes: &[u8], at: &mut usize) -> Result<u64, Bad> {
    match bytes.get(*at) {
        Some(&first) if first < 0x80 => {
            *at += 1;
            Ok(u64::from(first))
        }
        _ => long_varint(bytes, at),
    }
}

/// Kept out of the code around it, which mostly sees short ones.
#[inline(never)]
fn long_varint(bytes: &[u8], at: &mut usize) -> Result<u64, Bad> {
    let rest = bytes.get(*at..).unwrap_or_default();
    if rest.is_empty() {
        return Err(Bad::Wire("it ends where a number should be"));
    }
    let mut value = 0_u64;
    for (count, &byte) in rest.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (count * 7);
        if byte < 0x80 {
            if count == 9 && byte > 1 {
                break;
            }
            *at += count + 1;
            return Ok(value);
        }
    }
    Err(Bad::Wire("a number is cut off or longer than 64 bits"))
}

/// Reads a field's key at `at`: its number and wire type.
#[inline(always)]
pub fn key(bytes: &[u8], at: &mut usize) -> Result<(u32, WireType), Bad> {
    let key = varint(bytes, at)?;
    let key = u32::try_from(key).map_err(|_| Bad::Wire("a field number is too large"))?;
    let wire_type = match key & 7 {
        0 => WireType::Varint,
        1 => WireType::SixtyFourBit,
        2 => WireType::LengthDelimited,
        3 => WireType::StartGroup,
        4 => WireType::EndGroup,
        5 => WireType::ThirtyTwoBit,
        _ => return Err(Bad::Wire("a field has wire type 6 or 7")),
    };
    match key >> 3 {
        0 => Err(Bad::Wire("a field has number 0")),
        number => Ok((number, wire_type)),
    }
}

/// Reads a length and that many bytes.
#[inline(always)]
pub fn delimited<'a>(bytes: &'a [u8], at: &mut usize) -> Result<&'a [u8], Bad> {
    let len = varint(bytes, at)?;
    let taken = usize::try_from(len)
        .ok()
        .and_then(|len| take(bytes, at, len));
    // Not `ok_or`: an error that is made in any case is dropped in nearly every one.
    match taken {
        Some(taken) => Ok(taken),
        None => Err(Bad::Wire("a length goes beyond the end")),
    }
}

/// Takes `len` bytes at `at`, if there are that many.
#[inline(always)]
pub fn take<'a>(bytes: &'a [u8], at: &mut usize, len: usize) -> Option<&'a [u8]> {
    let end = at.checked_add(len)?;
    let taken = bytes.get(*at..end)?;
    *at = end;
    Some(taken)
}

/// Takes the four or eight bytes of a fixed-width number.
#[inline]
pub fn fixed<const N: usize>(bytes: &[u8], at: &mut usize) -> Result<[u8; N], Bad> {
    match take(bytes, at, N).and_then(|b| b.try_into().ok()) {
        Some(number) => Ok(number),
        None => Err(Bad::Wire("it ends within a number")),
    }
}

/// Moves behind the value of a field that nobody wants. `depth` is what is left of [`RECURSION_LIMIT`].
pub fn skip(
    bytes: &[u8],
    at: &mut usize,
    number: u32,
    wire_type: WireType,
    depth: u32,
) -> Result<(), Bad> {
    let Some(inner_depth) = depth.checked_sub(1) else {
        return Err(Bad::Wire("it nests too deep"));
    };
    match wire_type {
        WireType::Varint => varint(bytes, at).map(drop),
        WireType::SixtyFourBit => fixed::<8>(bytes, at).map(drop),
        WireType::ThirtyTwoBit => fixed::<4>(bytes, at).map(drop),
        WireType::LengthDelimited => delimited(bytes, at).map(drop),
        WireType::EndGroup => Err(Bad::Wire("a group ends that didn't start")),
        WireType::StartGroup => loop {
            match key(bytes, at)? {
                (inner, WireType::EndGroup) if inner == number => return Ok(()),
                (_, WireType::EndGroup) => return Err(Bad::Wire("a group ends that didn't start")),
                (inner, wire_type) => skip(bytes, at, inner, wire_type, inner_depth)?,
            }
        },
    }
}

/// Walks the fields of a message that is in canonical order: ascending numbers, singular fields once.
///
/// Nearly every encoder writes messages so. The others' are put in order by [`super::canonical`].
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    last: u32,
}

/// One field of a message.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// Its number.
    pub number: u32,
    value: RawValue<'a>,
    again: bool,
    start: usize,
}

/// A field's value before its type is known.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub enum RawValue<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Fixed32([u8; 4]),
    Delimited(&'a [u8]),
}

impl<'a> Reader<'a> {
    /// Starts at the first field.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader {
            bytes,
            at: 0,
            last: 0,
        }
    }

    /// The next field, or none at the end.
    #[inline(always)]
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Item<'a>>, Bad> {
        while self.at < self.bytes.len() {
            let start = self.at;
            let (number, wire_type) = key(self.bytes, &mut self.at)?;
            let value = match wire_type {
                WireType::Varint => RawValue::Varint(varint(self.bytes, &mut self.at)?),
                WireType::LengthDelimited => {
                    RawValue::Delimited(delimited(self.bytes, &mut self.at)?)
                }
                WireType::SixtyFourBit => RawValue::Fixed64(fixed(self.bytes, &mut self.at)?),
                WireType::ThirtyTwoBit => RawValue::Fixed32(fixed(self.bytes, &mut self.at)?),
                WireType::StartGroup | WireType::EndGroup => {
                    skip(self.bytes, &mut self.at, number, wire_type, RECURSION_LIMIT)?;
                    continue;
                }
            };
            if number < self.last {
                return Err(Bad::NotCanonical);
            }
            let again = number == self.last;
            self.last = number;
            return Ok(Some(Item {
                number,
                value,
                again,
                start,
            }));
        }
        Ok(None)
    }

    /// The run of a repeated field's occurrences, keys included, grown by `item`; `before` is the run so far.
    #[inline]
    pub fn span(&self, before: &'a [u8], item: &Item<'a>) -> &'a [u8] {
        let start = item.start.saturating_sub(before.len());
        self.bytes.get(start..self.at).unwrap_or_default()
    }
}

impl<'a> Item<'a> {
    /// A field that may be there once only.
    #[inline]
    fn once(&self) -> Result<RawValue<'a>, Bad> {
        if self.again {
            Err(Bad::NotCanonical)
        } else {
            Ok(self.value)
        }
    }

    #[inline]
    fn once_varint(&self) -> Result<u64, Bad> {
        match self.once()? {
            RawValue::Varint(v) => Ok(v),
            _ => Err(WRONG_TYPE),
        }
    }

    /// The bytes of a `bytes` field.
    #[inline]
    pub fn bytes(&self) -> Result<&'a [u8], Bad> {
        match self.once()? {
            RawValue::Delimited(bytes) => Ok(bytes),
            _ => Err(WRONG_TYPE),
        }
    }

    /// The bytes of an embedded message.
    #[inline]
    pub fn message(&self) -> Result<&'a [u8], Bad> {
        self.bytes()
    }

    /// A `string`.
    #[inline]
    pub fn text(&self) -> Result<&'a str, Bad> {
        text(self.bytes()?)
    }

    /// A `bool`.
    #[inline]
    pub fn bool(&self) -> Result<bool, Bad> {
        Ok(self.once_varint()? != 0)
    }

    /// An `int32`; what doesn't fit is cut off, as everywhere in protobuf.
    #[inline]
    pub fn int32(&self) -> Result<i32, Bad> {
        Ok(self.once_varint()? as i32)
    }

    /// An `int64`.
    #[inline]
    pub fn int64(&self) -> Result<i64, Bad> {
        Ok(self.once_varint()? as i64)
    }

    /// A `uint32`.
    #[inline]
    pub fn uint32(&self) -> Result<u32, Bad> {
        Ok(self.once_varint()? as u32)
    }

    /// A `uint64`.
    #[inline]
    pub fn uint64(&self) -> Result<u64, Bad> {
        self.once_varint()
    }

    /// A `sint32`.
    #[inline]
    pub fn sint32(&self) -> Result<i32, Bad> {
        Ok(zigzag32(self.once_varint()?))
    }

    /// A `sint64`.
    #[inline]
    pub fn sint64(&self) -> Result<i64, Bad> {
        Ok(zigzag64(self.once_varint()?))
    }

    /// An enum's number.
    #[inline]
    pub fn enumeration(&self) -> Result<i32, Bad> {
        self.int32()
    }

    #[inline]
    fn once_fixed32(&self) -> Result<[u8; 4], Bad> {
        match self.once()? {
            RawValue::Fixed32(v) => Ok(v),
            _ => Err(WRONG_TYPE),
        }
    }

    #[inline]
    fn once_fixed64(&self) -> Result<[u8; 8], Bad> {
        match self.once()? {
            RawValue::Fixed64(v) => Ok(v),
            _ => Err(WRONG_TYPE),
        }
    }

    /// A `fixed32`.
    #[inline]
    pub fn fixed32(&self) -> Result<u32, Bad> {
        self.once_fixed32().map(u32::from_le_bytes)
    }

    /// An `sfixed32`.
    #[inline]
    pub fn sfixed32(&self) -> Result<i32, Bad> {
        self.once_fixed32().map(i32::from_le_bytes)
    }

    /// A `float`.
    #[inline]
    pub fn float(&self) -> Result<f32, Bad> {
        self.once_fixed32().map(f32::from_le_bytes)
    }

    /// A `fixed64`.
    #[inline]
    pub fn fixed64(&self) -> Result<u64, Bad> {
        self.once_fixed64().map(u64::from_le_bytes)
    }

    /// An `sfixed64`.
    #[inline]
    pub fn sfixed64(&self) -> Result<i64, Bad> {
        self.once_fixed64().map(i64::from_le_bytes)
    }

    /// A `double`.
    #[inline]
    pub fn double(&self) -> Result<f64, Bad> {
        self.once_fixed64().map(f64::from_le_bytes)
    }

    /// The value as it is, whether or not the field came before.
    #[inline]
    pub fn raw(&self) -> RawValue<'a> {
        self.value
    }

    /// Whether the field before had the same number.
    #[inline]
    pub fn again(&self) -> bool {
        self.again
    }
}

/// A known field has another wire type than its type asks for.
pub const WRONG_TYPE: Bad = Bad::Wire("a field has another type than declared");

/// The bytes of a `string` field, if they are UTF-8. Most text is ASCII, which is quicker to see.
#[inline]
pub fn utf8(bytes: &[u8]) -> Result<&[u8], Bad> {
    if bytes.is_ascii() {
        return Ok(bytes);
    }
    text(bytes).map(str::as_bytes)
}

/// UTF-8 of a `string` field.
#[inline]
pub fn text(bytes: &[u8]) -> Result<&str, Bad> {
    std::str::from_utf8(bytes).map_err(|_| Bad::Wire("a string is not UTF-8"))
}

/// Undoes the zigzag of a `sint32`.
#[inline]
pub fn zigzag32(v: u64) -> i32 {
    let v = v as u32;
    ((v >> 1) as i32) ^ -((v & 1) as i32)
}

/// Undoes the zigzag of a `sint64`.
#[inline]
pub fn zigzag64(v: u64) -> i64 {
    ((v >> 1) as i64) ^ -((v & 1) as i64)
}
