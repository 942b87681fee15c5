//! Fuzz targets: what RabbitMQ sends, through the filter. The client's own parser is the oracle.
#![allow(clippy::panic, reason = "a fuzz target reports by panicking")]

use futures_util::FutureExt as _;
use futures_util::io::AsyncReadExt as _;
use lapin::protocol::basic::parse_properties;

use super::FilteredStream;
use super::content::{is_readable, rewritten};
use super::filter::{AROUND, END, HEADER};

/// Maximum size of a rewritten header in these runs, in bytes.
const LIMIT: usize = 4088;

/// Length of what is before the properties in the payload of a content header.
const BEFORE: usize = 12;

/// Passes a connection's bytes through the filter, in pieces of different sizes.
///
/// # Panics
///
/// If the filter does, waits for more, if the size of the pieces changes what comes out, or if the client can't read a
/// content header that does.
pub fn frames(bytes: &[u8]) {
    let through = |at_once: usize| {
        let mut filtered = FilteredStream::new(bytes, None);
        let (mut out, mut piece) = (Vec::new(), vec![0; at_once]);
        // A filter that ends the connection says so by an error.
        while let Some(Ok(read)) = filtered.read(&mut piece).now_or_never() {
            match piece.get(..read) {
                Some(some) if !some.is_empty() => out.extend_from_slice(some),
                _ => break,
            }
        }
        out
    };
    let out = through(1 << 20);
    assert_eq!(out, through(7));
    let mut rest = out.as_slice();
    while let Some((frame, behind)) = split(rest) {
        if let [HEADER, _, _, _, _, _, _, payload @ .., END] = frame {
            assert!(can_be_read(payload), "it is passed on: {payload:?}");
        }
        rest = behind;
    }
}

/// The first frame, and what follows it; none if it isn't there as a whole.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let size = bytes.get(3..AROUND - 1)?.try_into().ok()?;
    let size = usize::try_from(u32::from_be_bytes(size)).ok()?;
    bytes.split_at_checked(size.checked_add(AROUND)?)
}

/// True if the client can read the payload of a content header.
fn can_be_read(payload: &[u8]) -> bool {
    let properties = payload.get(BEFORE..).unwrap_or_default();
    matches!(parse_properties(properties), Ok(([], _)))
}

/// Writes the payload of a content header anew if the client can't read it.
///
/// # Panics
///
/// If the client can't read what the filter passes on or writes.
pub fn header(properties: &[u8]) {
    let payload = [&[0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3], properties].concat();
    if is_readable(&payload) {
        assert!(can_be_read(&payload), "it is passed on: {payload:?}");
    } else {
        let written = rewritten(&payload, LIMIT, Vec::new());
        assert!(can_be_read(&written), "{payload:?} becomes {written:?}");
        assert!(written.len() <= LIMIT.max(64), "{} bytes", written.len());
    }
}
