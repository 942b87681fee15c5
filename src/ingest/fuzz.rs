//! Fuzz targets: bodies of requests as they arrive: compressed, framed, in base64; and those of webhooks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::body::Read;
use super::encoding::Encoding;
use super::encoding::fuzz::unpacked;
pub use super::judge::fuzz::{Judged, Webhooks};
use super::{grpc_web, unary};
use crate::weight::Budget;

/// Maximum size of a message in these runs, in bytes.
const LIMIT: usize = 64 << 10;

/// Reads a body. The first byte tells its form.
///
/// # Panics
///
/// If something does that reads it, or if it becomes something else than another reader makes of it.
pub fn body(bytes: &[u8]) {
    let Some((form, body)) = bytes.split_first() else {
        return;
    };
    match form % 6 {
        0 => unpacked(Encoding::Gzip, body),
        1 => unpacked(Encoding::Deflate, body),
        2 => unpacked(Encoding::Brotli, body),
        3 => unpacked(Encoding::Zstd, body),
        4 => framed(body),
        _ => in_base64(body),
    }
}

/// A body that is a message is so far right at every byte.
fn framed(body: &[u8]) {
    let whole = unary::check(body, LIMIT).is_ok();
    let message = unary::message(&Bytes::copy_from_slice(body));
    if whole && message.is_ok() {
        let right = |end| unary::check(body.get(..end).unwrap_or_default(), LIMIT).is_ok();
        assert!((0..body.len()).all(right), "a part of it is refused");
    }
}

/// Base64 that is decoded in place is what the library decodes at once.
fn in_base64(body: &[u8]) {
    let Some(held) = Budget::new(1 << 20).try_acquire(0) else {
        return;
    };
    let theirs = STANDARD.decode(body).ok();
    let checked = grpc_web::check(body, LIMIT);
    let bytes = Bytes::copy_from_slice(body);
    let ours = grpc_web::decoded(Read { bytes, held }).map(|read| read.bytes.to_vec());
    assert_eq!(ours.ok(), theirs);
    if let Some(theirs) = theirs
        && unary::check(&theirs, LIMIT).is_ok()
    {
        assert_eq!(checked, Ok(()));
    }
}
