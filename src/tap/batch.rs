//! Events of an encoded batch, one by one.

use std::borrow::Cow;

use crate::client::name_in;
use crate::contract::{CLIENT_FIELD, Envelope};
use crate::protobuf::wire::{self, RECURSION_LIMIT, WireType};
use crate::row_error::RowError;

/// Calls `each` with client, header and bytes of each event of an `EventBatch`.
pub(super) fn each_event(
    envelope: &Envelope,
    body: &[u8],
    mut each: impl FnMut(&str, &[u8], &[u8]),
) -> Result<(), RowError> {
    each_field(body, |number, request| {
        if number != envelope.batches {
            return Ok(());
        }
        let (mut client, mut header): (&str, Cow<'_, [u8]>) = ("", Cow::Borrowed(&[]));
        each_field(request, |number, value| {
            if number == CLIENT_FIELD {
                client = name_in(value);
            } else if number == envelope.header {
                // Several occurrences are one message, merged.
                match header.is_empty() {
                    true => header = Cow::Borrowed(value),
                    false => header.to_mut().extend_from_slice(value),
                }
            }
            Ok(())
        })?;
        each_field(request, |number, value| {
            if number == envelope.events {
                each(client, &header, value);
            }
            Ok(())
        })
    })
}

/// Calls `visit` with the number and the value of each field that has a length.
fn each_field<'a>(
    bytes: &'a [u8],
    mut visit: impl FnMut(u32, &'a [u8]) -> Result<(), RowError>,
) -> Result<(), RowError> {
    let mut at = 0;
    while at < bytes.len() {
        let (number, wire_type) = wire::key(bytes, &mut at)?;
        match wire_type {
            WireType::LengthDelimited => visit(number, wire::delimited(bytes, &mut at)?)?,
            other => wire::skip(bytes, &mut at, number, other, RECURSION_LIMIT)?,
        }
    }
    Ok(())
}
