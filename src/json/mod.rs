//! JSON that others wrote: its values with the digits that they came with, its limits, and the fields of its messages; and
//! messages of ours as JSON.

mod fields;
pub mod limits;
mod message;
mod number;
mod structs;
mod text;
mod value;

pub use fields::{
    any_of, boolean, check, double, float, int32, int64, object, objects, optional_boolean,
    optional_double, optional_float, optional_int32, optional_int64, optional_object,
    optional_text, optional_uint32, optional_uint64, text, uint32, uint64, value_text,
};
pub use message::message_object;
pub use number::{Number, Plain};
pub use structs::struct_object;
pub use text::{Fault, parse, parse_object};
pub use value::{Map, Value, members, object_text};

/// A JSON text without the byte order mark that some editors and languages put before it.
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// The name of a place as it is told: a path may have many thousand characters.
pub(crate) fn place(path: &str) -> String {
    const MOST: usize = 200;
    match path.len() > MOST {
        true => format!(
            "{}…",
            path.get(..path.floor_char_boundary(MOST))
                .unwrap_or_default()
        ),
        false => path.to_owned(),
    }
}
