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

/// A link to a table's page, from another page.
pub(super) fn table_link(name: &str) -> String {
    format!("[{name}](../{})", table_page(name))
}

/// A table's page, below the catalogue's folder.
pub(super) fn table_page(name: &str) -> String {
    format!("tables/{name}.md")
}

/// A link to an event type's section, from another page.
pub(super) fn event_link(message: &MessageDescriptor) -> String {
    let page = events_page(group(message));
    let anchor = message.name().to_lowercase();
    format!("[{}](../{page}#{anchor})", message.name())
}

/// The group of an event type: what is in one proto file belongs together.
pub(super) fn group(message: &MessageDescriptor) -> &str {
    let file = message.parent_file_descriptor_proto().name();
    let name = file.trim_end_matches(".proto");
    name.rsplit('/').next().unwrap_or(name)
}

/// The page of a group of event types, below the catalogue's folder.
pub(super) fn events_page(group: &str) -> String {
    format!("events/{group}.md")
}

/// A link to the page of another service's message, from another page.
pub(super) fn message_link(message: &MessageDescriptor) -> String {
    format!("[{}](../{})", message.name(), message_page(message))
}

/// The page of another service's message, below the catalogue's folder.
pub(super) fn message_page(message: &MessageDescriptor) -> String {
    format!("messages/{}.md", message.full_name())
}

/// A link to a request's page, from another page.
pub(super) fn request_link(name: &str) -> String {
    format!("[{name}](../{})", request_page(name))
}

/// A request's page, below the catalogue's folder.
pub(super) fn request_page(name: &str) -> String {
    format!("requests/{name}.md")
}

/// Number with its noun, singular or plural.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}
