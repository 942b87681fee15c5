//! Text as Markdown wants it: cells, code and links.

use prost_reflect::MessageDescriptor;

pub(super) use crate::base::markdown::code;

/// A size in the largest unit that gives a whole number.
pub(super) fn bytes(size: u32) -> String {
    match size {
        size if size > 0 && size.is_multiple_of(1 << 20) => format!("{} MiB", size >> 20),
        size if size > 0 && size.is_multiple_of(1 << 10) => format!("{} KiB", size >> 10),
        size => format!("{size} bytes"),
    }
}

/// Text within a cell of a Markdown table.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// A link to a table's section.
pub(super) fn table_link(name: &str) -> String {
    format!("[{name}](#{})", table_anchor(name))
}

/// The anchor of a table's heading, `NAME (table)`, which no message has.
pub(super) fn table_anchor(name: &str) -> String {
    format!("{}-table", name.to_lowercase())
}

/// A link to a message's section.
pub(super) fn message_link(message: &MessageDescriptor) -> String {
    format!("[{}](#{})", message.name(), message_anchor(message))
}

pub(super) fn message_anchor(message: &MessageDescriptor) -> String {
    message.name().to_lowercase()
}

/// How many of something there are, in words that fit one and many.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}
