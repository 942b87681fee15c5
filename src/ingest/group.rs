//! Groups events of one type under one header into one `Events` message, by slicing: each byte is copied once.

use std::borrow::Cow;

use uuid::Uuid;

use crate::contract::{CLIENT_FIELD, Envelope, EventType, PartitionBy};
use crate::events::{Event, Verdict};
use crate::identity::Maker;
use crate::protobuf::wire::WireType::{self, LengthDelimited};
use crate::protobuf::wire::{self};
use crate::protobuf::writer::{push_field, push_key, push_varint};
use crate::weight;

/// Length of a generated id: a UUID as text.
const ID_LEN: usize = 36;

/// Events of one type, to be written as one `Events` message.
#[derive(Debug)]
pub struct Group<'a> {
    /// Type of the events.
    pub kind: &'static EventType,
    /// Slot of their partition keys.
    pub slot: u64,
    /// Events, in the order in which they were received.
    pub events: Vec<&'a Event<'a>>,
    /// Encoded length of the message.
    len: usize,
}

/// Header, client and layout that all groups of a request share.
#[derive(Debug)]
pub struct RequestBatch<'a> {
    envelope: &'static Envelope,
    header: &'a [u8],
    client: &'a str,
    ids: Maker<'a>,
    slots: Slots,
}

/// Partition keys of a source's events, and into how many slots their hashes fall.
#[derive(Debug, Clone, Copy)]
pub struct Slots {
    by: Option<PartitionBy>,
    count: u64,
}

impl<'a> RequestBatch<'a> {
    /// Creates the batch of a request's header and layout; `client` is the proved name of its sender.
    pub fn new(envelope: &'static Envelope, header: &'a [u8], client: &'a str) -> Self {
        RequestBatch {
            envelope,
            header,
            client,
            ids: Maker::new(envelope, header),
            slots: Slots::ONE,
        }
    }

    /// Keeps events apart by the slots of their partition keys.
    pub fn in_slots(self, slots: Slots) -> Self {
        RequestBatch { slots, ..self }
    }

    /// Groups the valid events by type and slot, with about `bytes` and `count` events at most in each group.
    pub fn groups(&self, events: &'a [Event<'a>], bytes: usize, count: usize) -> Vec<Group<'a>> {
        let shared = self.slots.shared(self.envelope, self.header);
        let slot = |event: &Event<'_>| {
            shared.unwrap_or_else(|| self.slots.of_event(self.envelope, event.bytes, event.id))
        };
        let mut good: Vec<(&'static EventType, u64, &'a Event<'a>)> =
            Vec::with_capacity(events.len());
        for event in events {
            if let Verdict::Good(kind) = event.verdict {
                good.push((kind, slot(event), event));
            }
        }
        // Stable, so that events of a type and a key keep their order.
        good.sort_by_key(|(kind, slot, _)| (kind.number, *slot));
        let mut groups: Vec<Group<'a>> = Vec::new();
        for (kind, slot, event) in good {
            let len = self.event_len(event);
            match groups.last_mut() {
                Some(group)
                    if group.kind.number == kind.number
                        && group.slot == slot
                        && group.len + len <= bytes
                        && group.events.len() < count =>
                {
                    group.events.push(event);
                    group.len += len;
                }
                _ => groups.push(Group {
                    kind,
                    slot,
                    events: vec![event],
                    len: client_len(self.client) + self.header_len() + len,
                }),
            }
        }
        groups
    }

    /// Upper bound on the number of bytes that [`RequestBatch::write`] appends.
    pub fn len(&self, group: &Group<'_>) -> usize {
        group.len + 1 + key_len(self.envelope.batches) + varint_len(group.len)
    }

    /// Name of the sender; empty if it is unknown.
    pub(super) fn client(&self) -> &'a str {
        self.client
    }

    /// Appends a group to an `EventBatch`.
    pub fn write(&self, group: &Group<'_>, out: &mut Vec<u8>) {
        self.write_events(self.client, group.events.iter().copied(), out);
    }

    /// `EventBatch` of some events, valid or not. It doesn't name the client: the dead letter's record does.
    pub fn letter(&self, events: &[&Event<'_>]) -> Vec<u8> {
        let bytes = events
            .iter()
            .map(|event| self.event_len(event))
            .sum::<usize>();
        let mut out = Vec::with_capacity(self.header_len() + bytes + 16);
        self.write_events("", events.iter().copied(), &mut out);
        out
    }

    /// Weight of so many dead letters with so many bytes of events, each of which repeats the header.
    pub(super) fn letters_weight(&self, count: usize, bytes: usize) -> u64 {
        weight::letters(count, self.header.len(), bytes)
    }

    fn write_events<'e>(
        &self,
        client: &str,
        events: impl Iterator<Item = &'e Event<'e>> + Clone,
        out: &mut Vec<u8>,
    ) {
        // An event that must be rewritten is copied twice; there are next to none.
        let len = events.clone().map(|e| self.event_len(e)).sum::<usize>()
            + client_len(client)
            + self.header_len();
        push_key(out, self.envelope.batches, LengthDelimited);
        push_varint(out, len as u64);
        if !client.is_empty() {
            push_field(out, CLIENT_FIELD, client.as_bytes());
        }
        push_field(out, self.envelope.header, self.header);
        for event in events {
            let bytes = self.body(event);
            push_key(out, self.envelope.events, LengthDelimited);
            if self.makes_id(event) {
                push_varint(out, (bytes.len() + self.id_field_len()) as u64);
                let mut text = Uuid::encode_buffer();
                let id = self.made_id(event).hyphenated().encode_lower(&mut text);
                push_field(out, self.envelope.id, id.as_bytes());
            } else {
                push_varint(out, bytes.len() as u64);
            }
            out.extend_from_slice(&bytes);
        }
    }

    /// Bytes of the event with one variant and no empty id.
    fn body<'e>(&self, event: &Event<'e>) -> Cow<'e, [u8]> {
        if event.plain || !is_event(event) {
            Cow::Borrowed(event.bytes)
        } else {
            Cow::Owned(plain(event.bytes, self.envelope, !event.id.is_empty()))
        }
    }

    fn event_len(&self, event: &Event<'_>) -> usize {
        let id = if self.makes_id(event) {
            self.id_field_len()
        } else {
            0
        };
        let body = if event.plain || !is_event(event) {
            event.bytes.len()
        } else {
            self.body(event).len()
        };
        key_len(self.envelope.events) + varint_len(id + body) + id + body
    }

    fn header_len(&self) -> usize {
        let len = self.header.len();
        key_len(self.envelope.header) + varint_len(len) + len
    }

    fn id_field_len(&self) -> usize {
        key_len(self.envelope.id) + 1 + ID_LEN
    }

    /// True if an event without an id gets one here. The content of an event of an unknown type is only known to the build
    /// that will know the type; where ids are made from the content, that build makes it.
    fn makes_id(&self, event: &Event<'_>) -> bool {
        if !is_event(event) || !event.id.is_empty() {
            return false;
        }
        let is_later = matches!(event.verdict, Verdict::UnknownType(_))
            && !event.timestamp.is_empty()
            && self.envelope.ids.of_content(event.timestamp);
        !is_later
    }

    /// Generated id of an event that was sent without one. With a timestamp it is a hash of header and event, so that a
    /// repeated request makes the same id; without one, events can't be told apart, and each gets a new id.
    fn made_id(&self, event: &Event<'_>) -> Uuid {
        let made = self.ids.make(event.bytes, event.timestamp);
        made.unwrap_or_else(Uuid::now_v7)
    }
}

// === impl Slots ===

impl Slots {
    /// All events in one slot.
    pub const ONE: Slots = Slots { by: None, count: 1 };

    /// Slots of an exchange whose messages are kept apart by this key.
    pub fn new(by: Option<PartitionBy>, count: u64) -> Self {
        match by {
            None => Slots::ONE,
            Some(_) => Slots {
                by,
                count: count.max(1),
            },
        }
    }

    /// Their number.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The slot of all events under a header, if it is known without them.
    fn shared(&self, envelope: &Envelope, header: &[u8]) -> Option<u64> {
        match (&self.by, self.count) {
            (None, _) | (_, 1) => Some(0),
            (Some(by), count) => Some(by.of_header(envelope, header)? % count),
        }
    }

    fn of_event(&self, envelope: &Envelope, event: &[u8], id: &[u8]) -> u64 {
        let hash = self.by.map(|by| by.of_event(envelope, event, id));
        hash.unwrap_or_default() % self.count
    }
}

// === impl Group ===

impl Group<'_> {
    /// True if it is empty; never for a group that was made here.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// True if its bytes are a message: of a known type, or of one that a later build will replay.
fn is_event(event: &Event<'_>) -> bool {
    match event.verdict {
        Verdict::Good(_) | Verdict::UnknownType(_) => true,
        // An operator may allow it later, and replay it.
        Verdict::NotAllowed { kind, .. } => kind.is_some(),
        _ => false,
    }
}

/// Rewrites a well-formed event as protobuf merges it: the last variant alone, its repetitions in one, and one id or
/// none.
fn plain(bytes: &[u8], envelope: &'static Envelope, keep_id: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut id: &[u8] = &[];
    let mut variant: (u32, Vec<u8>) = (0, Vec::new());
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let Ok((number, wire_type)) = wire::key(bytes, &mut at) else {
            break;
        };
        let is_variant = envelope.event_type(number).is_some();
        if wire_type == WireType::LengthDelimited && (number == envelope.id || is_variant) {
            let Ok(inner) = wire::delimited(bytes, &mut at) else {
                break;
            };
            if number == envelope.id {
                id = inner;
            } else {
                if variant.0 != number {
                    variant = (number, Vec::new());
                }
                variant.1.extend_from_slice(inner);
            }
            continue;
        }
        if wire::skip(bytes, &mut at, number, wire_type, wire::RECURSION_LIMIT).is_err() {
            break;
        }
        out.extend_from_slice(bytes.get(start..at).unwrap_or_default());
    }
    if keep_id {
        let mut with_id = Vec::with_capacity(out.len() + id.len() + 8);
        push_field(&mut with_id, envelope.id, id);
        with_id.append(&mut out);
        out = with_id;
    }
    if variant.0 != 0 {
        push_field(&mut out, variant.0, &variant.1);
    }
    out
}

/// Encoded length of the field with a client's name.
fn client_len(client: &str) -> usize {
    match client.len() {
        0 => 0,
        len => key_len(CLIENT_FIELD) + varint_len(len) + len,
    }
}

fn key_len(number: u32) -> usize {
    varint_len((number as usize) << 3)
}

fn varint_len(value: usize) -> usize {
    prost::length_delimiter_len(value)
}
