//! The writer of the field that carries members of JSON: one flat JSON object of pointers and the values that were there.
//!
//! An event that came as JSON has no place on the wire for such members, so it carries the object in one field with a
//! number that no message uses. The object is bounded, whatever is in the event.

use std::borrow::Cow;
use std::collections::BinaryHeap;

use super::{CUT, MOST, UNKNOWN_MEMBERS};
use crate::protobuf::writer::push_field;

/// Maximum size of the last member, with the number of members.
const CUT_LENGTH: usize = 32;

/// Maximum total length of pointers that are made, most of which are cut again: they are as long as the way to their
/// members.
const MADE: usize = 16 * MOST;

/// The members of one event or header. Of more than [`MOST`] the largest are left out.
#[derive(Debug, Default)]
pub struct UnknownMembers<'a> {
    /// The largest first.
    kept: BinaryHeap<Member<'a>>,
    /// Total size.
    bytes: usize,
    /// Total length of all pointers that were made.
    made: usize,
    cut: u64,
}

/// One of them; its size comes first, so that they are in order by it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Member<'a> {
    size: usize,
    /// Tells members with the same pointer apart: the last one counts.
    at: u64,
    pointer: String,
    name: String,
    value: Cow<'a, [u8]>,
}

impl<'a> UnknownMembers<'a> {
    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.cut == 0
    }

    /// Number of members, cut ones included.
    pub fn count(&self) -> u64 {
        self.kept.len() as u64 + self.cut
    }

    /// Adds one: a value as JSON, and its pointer, which is `length` bytes long or more. It is only made if there may be
    /// room for it.
    pub fn add(&mut self, length: usize, value: Cow<'a, [u8]>, pointer: impl FnOnce() -> String) {
        let least = length + value.len();
        let largest = self.kept.peek().map_or(0, |member| member.size);
        let no_room = least > MOST || self.bytes + least > MOST && least >= largest;
        if no_room || self.made > MADE {
            self.cut += 1;
            return;
        }
        let pointer = pointer();
        self.made += pointer.len();
        let name = serde_json::Value::from(pointer.as_str()).to_string();
        // A colon and a comma.
        let size = name.len() + value.len() + 2;
        self.bytes += size;
        self.kept.push(Member {
            size,
            at: self.count(),
            pointer,
            name,
            value,
        });
        while self.bytes > MOST - CUT_LENGTH {
            let Some(largest) = self.kept.pop() else {
                break;
            };
            self.bytes -= largest.size;
            self.cut += 1;
        }
    }

    /// The object: its keys in order, each once, with the value that came last.
    pub fn object(self) -> Vec<u8> {
        let mut members = self.kept.into_vec();
        members.sort_unstable_by(|a, b| (&a.pointer, b.at).cmp(&(&b.pointer, a.at)));
        members.dedup_by(|next, before| next.pointer == before.pointer);
        let mut out = Vec::with_capacity(self.bytes + CUT_LENGTH);
        out.push(b'{');
        for member in members {
            if out.len() > 1 {
                out.push(b',');
            }
            out.extend_from_slice(member.name.as_bytes());
            out.push(b':');
            out.extend_from_slice(&member.value);
        }
        if self.cut > 0 {
            if out.len() > 1 {
                out.push(b',');
            }
            out.extend_from_slice(format!("\"{CUT}\":{}", self.cut).as_bytes());
        }
        out.push(b'}');
        out
    }

    /// Appends the field that holds the object to a message; nothing if there are no members.
    pub fn write(self, out: &mut Vec<u8>) {
        if self.is_empty() {
            return;
        }
        push_field(out, UNKNOWN_MEMBERS, &self.object());
    }
}

#[cfg(test)]
mod tests {
    use super::super::push_part;
    use super::*;

    fn object(members: &[(&str, &str)]) -> String {
        let mut unknown = UnknownMembers::default();
        for (pointer, value) in members {
            let value = Cow::Borrowed(value.as_bytes());
            unknown.add(pointer.len(), value, || (*pointer).to_owned());
        }
        String::from_utf8(unknown.object()).unwrap_or_default()
    }

    #[test]
    fn keys_are_in_order_and_the_last_value_counts() {
        let told = object(&[("/b", "1"), ("/a\"", "\"x\""), ("/b", "[2]"), ("/a", "{}")]);
        assert_eq!(told, r#"{"/a":{},"/a\"":"x","/b":[2]}"#);
        assert!(UnknownMembers::default().is_empty());
        let mut name = String::new();
        push_part(&mut name, "a/b~c");
        assert_eq!(name, "/a~1b~0c");
    }

    #[test]
    fn the_largest_are_left_out_and_counted() {
        let large = "1".repeat(MOST / 2);
        let larger = "2".repeat(MOST / 2 + 10);
        let huge = "3".repeat(MOST * 2);
        let told = object(&[("/l", &large), ("/h", &huge), ("/m", &larger), ("/s", "4")]);
        assert_eq!(told, format!(r#"{{"/l":{large},"/s":4,"…cut":2}}"#));
        let many: Vec<String> = (0..20_000).map(|at| format!("/member_{at:06}")).collect();
        let members: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "1")).collect();
        let told = object(&members);
        assert!((MOST - 100..=MOST).contains(&told.len()), "{}", told.len());
        let read: std::collections::BTreeMap<String, u64> =
            serde_json::from_str(&told).unwrap_or_default();
        assert_eq!(read.len() as u64 - 1 + read[CUT], 20_000);
    }
}
