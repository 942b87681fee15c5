//! Fuzz targets: what RabbitMQ sends, through the filter. The client's own parser is the oracle.
#![allow(clippy::panic, reason = "a fuzz target reports by panicking")]

use futures_util::FutureExt as _;
use futures_util::io::AsyncReadExt as _;
use lapin::protocol::basic::parse_properties;

use super::FilteredStream;
use super::content::{is_readable, rewritten};

/// Maximum size of a rewritten header in these runs, in bytes.
const LIMIT: usize = 4088;

/// Length of what is before the properties in the payload of a content header.
const BEFORE: usize = 12;

/// Passes a connection's bytes through the filter, in pieces of different sizes.
///
/// # Panics
///
/// If the filter does, waits for more, or if the size of the pieces changes what comes out.
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
    assert_eq!(through(1 << 20), through(7));
}

/// Writes the payload of a content header anew if the client can't read it.
///
/// # Panics
///
/// If the client can't read what the filter passes on or writes.
pub fn header(properties: &[u8]) {
    let payload = [&[0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3], properties].concat();
    let can_be_read = |payload: &[u8]| {
        let properties = payload.get(BEFORE..).unwrap_or_default();
        matches!(parse_properties(properties), Ok(([], _)))
    };
    if is_readable(&payload) {
        assert!(can_be_read(&payload), "it is passed on: {payload:?}");
    } else {
        let written = rewritten(&payload, LIMIT, Vec::new());
        assert!(can_be_read(&written), "{payload:?} becomes {written:?}");
        assert!(written.len() <= LIMIT.max(64), "{} bytes", written.len());
    }
}
