//! The protobuf writer: varints, keys and length-delimited values, appended to bytes.

use super::wire::WireType;

/// Appends an unsigned LEB128 number.
#[inline]
pub fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a string behind its length.
pub fn push_text(out: &mut Vec<u8>, text: &str) {
    push_delimited(out, text.as_bytes());
}

/// Appends a field's key.
pub fn push_key(out: &mut Vec<u8>, number: u32, wire_type: WireType) {
    let wire_number = match wire_type {
        WireType::Varint => 0,
        WireType::SixtyFourBit => 1,
        WireType::LengthDelimited => 2,
        WireType::StartGroup => 3,
        WireType::EndGroup => 4,
        WireType::ThirtyTwoBit => 5,
    };
    push_varint(out, u64::from(number) << 3 | wire_number);
}

/// Appends a length-delimited field: key, length, bytes.
pub fn push_field(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    push_key(out, number, WireType::LengthDelimited);
    push_delimited(out, bytes);
}

/// Appends bytes behind their length.
pub fn push_delimited(out: &mut Vec<u8>, bytes: &[u8]) {
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_varuints() {
        let mut bytes = Vec::new();
        for length in [0, 127, 128, 16_384] {
            push_varint(&mut bytes, length);
        }
        assert_eq!(&bytes[..], [0, 127, 0x80, 1, 0x80, 0x80, 1]);
    }
}
