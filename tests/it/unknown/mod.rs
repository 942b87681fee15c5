//! Unknown fields are kept in the row, listed, and filled in by a later build.

mod collected;
mod filled;
mod mixed;
mod postgres;
mod stored;

use event_grpc::unknown::UNKNOWN_MEMBERS;

/// A length-delimited field.
pub(crate) fn delimited(number: u32, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    prost::encoding::bytes::encode(number, &value.to_vec(), &mut out);
    out
}

/// A varint.
pub(crate) fn varint(number: u32, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    prost::encoding::uint64::encode(number, &value, &mut out);
    out
}

/// The field that carries members of JSON.
fn carrier(object: &str) -> Vec<u8> {
    delimited(UNKNOWN_MEMBERS, object.as_bytes())
}
