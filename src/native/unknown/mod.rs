//! The column of unknown fields (`$unknown`).

#[cfg(test)]
mod tests;

use super::Column;
use crate::json::Map;
use crate::protobuf::Shape;
use crate::row_error::RowError;
use crate::unknown::{Unknown, found, joined, of_members};

pub use crate::unknown::any;

/// Unknown fields of a header; none if there are none. `noticed` tells if there may be some.
#[inline]
pub fn of_header(
    shape: &'static Shape,
    bytes: &[u8],
    noticed: bool,
) -> Result<Option<Unknown>, RowError> {
    match noticed {
        true => found("/header", shape, bytes),
        false => Ok(None),
    }
}

/// Appends what is not known of an event and of its header to the column of unknown fields. `noticed` is whether some of
/// the event may not be known: nothing is looked for unless it is.
#[inline]
pub fn append(
    column: &mut Column,
    shape: &'static Shape,
    bytes: &[u8],
    noticed: bool,
    header: Option<&Unknown>,
) -> Result<(), RowError> {
    if !noticed && header.is_none() {
        column.default();
        return Ok(());
    }
    append_found(column, shape, bytes, noticed, header)
}

/// Kept out of the code around it, which hardly ever comes here.
#[inline(never)]
fn append_found(
    column: &mut Column,
    shape: &'static Shape,
    bytes: &[u8],
    noticed: bool,
    header: Option<&Unknown>,
) -> Result<(), RowError> {
    let event = match noticed {
        true => found("/event", shape, bytes)?,
        false => None,
    };
    put(column, event.as_ref(), header)
}

fn put(
    column: &mut Column,
    one: Option<&Unknown>,
    other: Option<&Unknown>,
) -> Result<(), RowError> {
    let kept = |unknown: &&Unknown| !unknown.is_empty();
    match (one.filter(kept), other.filter(kept)) {
        (None, None) => {
            column.default();
            Ok(())
        }
        (Some(one), None) | (None, Some(one)) => column.text(one.text()),
        (Some(one), Some(other)) => column.text(joined(one, other)),
    }?;
    for unknown in [one, other].into_iter().flatten() {
        unknown.retired().for_each(|field| column.leave_out(field));
    }
    Ok(())
}

/// Appends what is not declared of a JSON message to the column of unknown fields.
pub fn append_members(
    column: &mut Column,
    shape: &'static Shape,
    body: &Map,
) -> Result<(), RowError> {
    let unknown = of_members(shape, body);
    put(column, unknown.as_ref(), None)
}
