//! Walking over the fields of a message.

use super::{
    RECURSION_LIMIT, WRONG_TYPE, WireType, delimited, fixed, key, skip, text, utf8, varint,
    zigzag32, zigzag64,
};
use crate::row_error::Bad;

/// Walks the fields of a message that is in canonical order: ascending numbers, singular fields once.
///
/// Nearly every encoder writes messages so. The others' are put in order by [`crate::protobuf::canonical`].
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    last: u32,
    skipped: bool,
}

/// A field's number and wire type, as they are on the wire.
#[derive(Debug, Clone, Copy)]
pub struct Key(u32);

impl Key {
    /// The field's number.
    #[inline(always)]
    pub fn number(self) -> u32 {
        self.0 >> 3
    }

    /// The wire type's number.
    #[inline(always)]
    pub fn wire_type(self) -> u32 {
        self.0 & 7
    }
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
            skipped: false,
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
                    self.skipped = true;
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

    /// True if a group was passed over: no field of ours is one.
    #[inline]
    pub fn skipped(&self) -> bool {
        self.skipped
    }

    /// The next field's key, and how long it is, without moving; none at the end, or if it is an unusual one, which
    /// [`Reader::next`] will say more of.
    #[inline(always)]
    pub fn peek(&self) -> Option<(Key, usize)> {
        let (key, len) = match *self.bytes.get(self.at..)? {
            [first, ..] if first < 0x80 => (u32::from(first), 1),
            [first, second, ..] if second < 0x80 => {
                (u32::from(first & 0x7f) | u32::from(second) << 7, 2)
            }
            _ => return None,
        };
        Some((Key(key), len))
    }

    /// Moves behind a key that was peeked at, of a field that may be there once only, to its value.
    #[inline(always)]
    pub fn enter(&mut self, (key, len): (Key, usize)) -> Result<(), Bad> {
        if key.number() <= self.last {
            return Err(Bad::NotCanonical);
        }
        self.last = key.number();
        self.at += len;
        Ok(())
    }

    /// The varint at the present place.
    #[inline(always)]
    pub fn varint(&mut self) -> Result<u64, Bad> {
        varint(self.bytes, &mut self.at)
    }

    /// Length-delimited bytes.
    #[inline(always)]
    pub fn delimited(&mut self) -> Result<&'a [u8], Bad> {
        delimited(self.bytes, &mut self.at)
    }

    /// The four or eight bytes that are there.
    #[inline(always)]
    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Bad> {
        fixed(self.bytes, &mut self.at)
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

    /// A `string`, of which nothing is wanted but its bytes.
    #[inline]
    pub fn utf8(&self) -> Result<&'a [u8], Bad> {
        utf8(self.bytes()?)
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

    /// True if the field before had the same number.
    #[inline]
    pub fn again(&self) -> bool {
        self.again
    }
}
