//! Unknown fields: what a build doesn't know of a message that it knows, as one flat JSON object.
//!
//! Its keys are JSON pointers (RFC 6901) that begin with `/event`, `/header` or `/body`, and the values what was there.
//! From JSON that is the value as it was written; from protobuf the key ends in `#` and the field's number, and the value
//! is the base64 of the field as it came, key included, repeated ones behind each other. `docs/unknown-fields.md` tells
//! the rest.

mod carrier;
mod members;
mod set;
#[cfg(test)]
mod tests;
mod walk;
mod writer;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use carrier::{Carried, carried, flat};
pub use set::{CUT, Unknown, Value, flat_text};
pub use walk::{any, any_in_run};
pub use writer::UnknownMembers;

use super::json::Map;
use super::{Bad, Column, Shape};

/// The number of the field that carries the members of JSON that no field stands for: the highest that protobuf has.
/// It is length-delimited, holds the flat object, and is never an event's type.
pub const UNKNOWN_MEMBERS: u32 = 536_870_911;

/// The most that is kept of an event, of a header or of a JSON message, in bytes of the object's text.
pub const MOST: usize = 64 * 1024;

/// What is not known of a header; none if it is all known. `noticed` is whether some of it may not be.
#[inline]
pub fn of_header(
    shape: &'static Shape,
    bytes: &[u8],
    noticed: bool,
) -> Result<Option<Unknown>, Bad> {
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
) -> Result<(), Bad> {
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
) -> Result<(), Bad> {
    let event = match noticed {
        true => found("/event", shape, bytes)?,
        false => None,
    };
    put(column, event.as_ref(), header)
}

fn put(column: &mut Column, one: Option<&Unknown>, other: Option<&Unknown>) -> Result<(), Bad> {
    match (one, other) {
        (None, None) => {
            column.default();
            Ok(())
        }
        (Some(one), None) | (None, Some(one)) => column.text(one.text()),
        (Some(one), Some(other)) => column.text(set::joined(one, other)),
    }
}

/// What is not declared of a JSON message; none if all of it is.
pub fn of_members(shape: &'static Shape, body: &Map) -> Option<Unknown> {
    members::undeclared(shape, body)
}

/// Appends what is not declared of a JSON message to the column of unknown fields.
pub fn append_members(column: &mut Column, shape: &'static Shape, body: &Map) -> Result<(), Bad> {
    let unknown = members::undeclared(shape, body);
    put(column, unknown.as_ref(), None)
}

/// What is not known of a message whose pointers begin with `root`; none if it is all known. The message is in canonical
/// order.
pub fn found(root: &str, shape: &'static Shape, bytes: &[u8]) -> Result<Option<Unknown>, Bad> {
    let mut unknown = Unknown::default();
    walk::collect(root, shape, bytes, &mut unknown)?;
    unknown.close();
    Ok(Some(unknown).filter(|unknown| !unknown.is_empty()))
}

/// Appends a name to a JSON pointer.
pub fn push_part(path: &mut String, name: &str) {
    path.push('/');
    for c in name.chars() {
        match c {
            '~' => path.push_str("~0"),
            '/' => path.push_str("~1"),
            c => path.push(c),
        }
    }
}

/// The parts of a pointer, as names.
pub fn parts(pointer: &str) -> impl Iterator<Item = String> {
    let parts = pointer.split('/').skip(1);
    parts.map(|part| part.replace("~1", "/").replace("~0", "~"))
}

/// A field of protobuf as the object has it.
fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
