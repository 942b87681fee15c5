//! Unknown fields: what a build doesn't know of a message that it knows, as one flat JSON object.
//!
//! Its keys are JSON pointers (RFC 6901) that begin with `/event`, `/header` or `/body`, and the values what was there.
//! From JSON that is the value as it was written; from protobuf the key ends in `#` and the field's number, and the value
//! is the base64 of the field as it came, key included, repeated ones behind each other. `docs/unknown-fields.md` tells
//! the rest.

mod carrier;
mod members;
mod retired;
mod set;
mod walk;
mod writer;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use carrier::{Carried, carried, flat};
pub(crate) use set::joined;
pub use set::{CUT, Unknown, Value, flat_text};
pub use walk::{any, any_in_run};
pub use writer::UnknownMembers;

use crate::json::Map;
use crate::protobuf::Shape;
use crate::row_error::RowError;

/// The number of the field that carries the members of JSON that no field stands for: the highest that protobuf has.
/// It is length-delimited, holds the flat object, and is never an event's type.
pub const UNKNOWN_MEMBERS: u32 = 536_870_911;

/// The most that is kept of an event, of a header or of a JSON message, in bytes of the object's text.
pub const MOST: usize = 64 * 1024;

/// Undeclared members of a JSON message; none if there are none.
pub fn of_members(shape: &'static Shape, body: &Map) -> Option<Unknown> {
    members::undeclared(shape, body)
}

/// Unknown fields of a message whose pointers begin with `root`; none if there are none, and no retired ones. The message is
/// in canonical order.
pub fn found(root: &str, shape: &'static Shape, bytes: &[u8]) -> Result<Option<Unknown>, RowError> {
    let mut unknown = Unknown::default();
    walk::collect(root, shape, bytes, &mut unknown)?;
    unknown.close();
    Ok(Some(unknown).filter(|unknown| !unknown.is_empty() || unknown.retired().next().is_some()))
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
