//! One member of a message alone, read as if it stood in an event: for rows that get it afterwards.

use super::notes::Part;
use super::object::Reading;
use super::tables::{Form, Tables};
use crate::contract::Envelope;
use crate::row_error::Bad;
use crate::unknown::{self, Carried, push_part};

/// A member of a message, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The message on the wire with this member alone; empty where null is what it says.
    pub wire: Vec<u8>,
    /// What is unknown inside of it: JSON pointers from the message on, and values.
    pub unknown: Vec<(String, String)>,
}

/// Reads a member of the message with this full name; see [`super::ProtoJson::member`].
pub(super) fn read(
    envelope: &'static Envelope,
    tables: &Tables,
    message: &str,
    name: &str,
    value: &str,
) -> Result<Member, Bad> {
    const ROOT: &str = "/event";
    let Some(of) = tables.named(message, Form::Object) else {
        return Err(Bad::field(message, "is no message of app events"));
    };
    let mut pointer = String::new();
    push_part(&mut pointer, name);
    let text = format!("{{{}:{value}}}", serde_json::Value::from(name));
    let mut reading = Reading::new(envelope, tables, text.as_bytes());
    reading.notes.begin(Part::Event(0));
    reading.object(of)?;
    reading.cursor.peek();
    if reading.cursor.at < text.len() {
        return Err(Bad::field(name, "is more than one value"));
    }
    let noted = std::mem::take(&mut reading.notes.unknown);
    let (wire, noted) = (std::mem::take(&mut reading.out), noted.object());
    let noted = String::from_utf8_lossy(&noted);
    let Some(Carried { members, cut: 0 }) = unknown::flat(&noted) else {
        return Err(Bad::field(name, "has too many unknown members"));
    };
    let mut unknown = Vec::with_capacity(members.len());
    for (at, json) in members {
        let Some(at) = at.strip_prefix(ROOT).filter(|at| *at != pointer) else {
            return Err(Bad::field(name, "is no member of this message"));
        };
        unknown.push((at.to_owned(), json.to_owned()));
    }
    Ok(Member { wire, unknown })
}
