//! JSON around the events of a request, so that some of them can be a request of their own.

use std::ops::Range;

use super::text::Text;
use crate::contract::Envelope;

/// JSON around the events of a request: its header before them.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The header as it is written, without white space around it; empty if there is none.
    pub header: &'a [u8],
    envelope: &'static Envelope,
}

impl<'a> Around<'a> {
    /// Around the events of a layout, with this header.
    pub(super) fn new(envelope: &'static Envelope, header: &'a [u8]) -> Self {
        Around { header, envelope }
    }

    /// A request of these events, each as it is written.
    pub fn request<'e>(&self, events: impl Iterator<Item = &'e [u8]>) -> Vec<u8> {
        let (mut out, after) = self.ends();
        for (at, event) in events.enumerate() {
            if at > 0 {
                out.push(b',');
            }
            out.extend_from_slice(event);
        }
        out.extend_from_slice(after);
        out
    }

    /// JSON before the events, and after them.
    pub fn ends(&self) -> (Vec<u8>, &'static [u8]) {
        let name = |number| {
            let field = self.envelope.request_shape.field(number);
            field.map_or("", |(_, field)| field.json_name)
        };
        let mut out = Vec::with_capacity(self.header.len() + 64);
        out.push(b'{');
        if !self.header.is_empty() {
            out.extend_from_slice(format!("\"{}\":", name(self.envelope.header)).as_bytes());
            out.extend_from_slice(self.header);
            out.push(b',');
        }
        out.extend_from_slice(format!("\"{}\":[", name(self.envelope.events)).as_bytes());
        (out, b"]}")
    }
}

/// An event as it is written, with this id. `place` is where the one is that it has; without, it becomes its first member.
pub(super) fn with_id(
    envelope: &Envelope,
    event: &[u8],
    id: &str,
    place: Option<Range<usize>>,
) -> Vec<u8> {
    let parts = |at: Range<usize>| Some((event.get(..at.start)?, event.get(at.end..)?));
    if let Some((before, after)) = place.and_then(parts) {
        return [before, format!("\"{id}\"").as_bytes(), after].concat();
    }
    let name = envelope.event_shape.field(envelope.id);
    let name = name.map_or("", |(_, field)| field.json_name);
    let rest = event.strip_prefix(b"{").unwrap_or_default();
    let is_empty = rest.trim_ascii_start().starts_with(b"}");
    let comma = if is_empty { "" } else { "," };
    let mut out = format!("{{\"{name}\":\"{id}\"{comma}").into_bytes();
    out.extend_from_slice(rest);
    out
}

/// A name for people, of reasonable length.
pub(super) fn shown(name: &Text<'_>) -> String {
    const LONGEST: usize = 100;
    let text = name.text().unwrap_or_default();
    text.chars().take(LONGEST).collect()
}
