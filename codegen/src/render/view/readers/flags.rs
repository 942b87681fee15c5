//! Readers with a flag for unknown fields: those of messages without messages inside, for tables that keep unknown
//! fields.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::super::shapes::by_number;
use super::Readers;
use super::ranges::ranges;
use crate::model::{ColumnSource, Envelope, Input, Root, Table};

impl Readers {
    /// True if the view of a message says if there was a field that isn't known. Of one that has messages inside, or that
    /// no table reads, nothing is said.
    pub fn is_flagged(&self, message: &MessageDescriptor) -> bool {
        self.flagged.contains(message.full_name())
    }

    /// Has views tell what a table that keeps unknown fields has to know.
    pub(super) fn flag(&mut self, envelope: &Envelope, table: &Table) {
        for message in [&envelope.header_message, &envelope.event_message] {
            if is_flat(message, &self.variants_of(envelope, message)) {
                self.message(message);
                self.flagged.insert(message.full_name().to_owned());
            }
        }
        self.need_payload(envelope);
        let types = envelope.types.iter();
        for (_, payload) in types.filter(|(number, _)| table.types.contains(number)) {
            if self.needed.contains_key(payload.full_name()) && is_flat(payload, &[]) {
                self.flagged.insert(payload.full_name().to_owned());
            }
        }
    }

    fn variants_of(&self, envelope: &Envelope, message: &MessageDescriptor) -> Vec<u32> {
        match *message == envelope.event_message {
            true => self.variants.clone(),
            false => Vec::new(),
        }
    }

    /// The numbers of a message's fields that its view doesn't read, as a pattern.
    pub(super) fn unread(&self, message: &MessageDescriptor) -> String {
        let read = self.fields(message);
        let payload = self.has_payload(message);
        let numbers: Vec<u32> = by_number(message)
            .iter()
            .map(FieldDescriptor::number)
            .filter(|number| read.iter().all(|(field, _)| field.number() != *number))
            .filter(|number| !payload || !self.variants.contains(number))
            .collect();
        ranges(&numbers)
    }
}

/// True if a message has no messages inside, but for some fields.
fn is_flat(message: &MessageDescriptor, but: &[u32]) -> bool {
    let mut others = message.fields().filter(|f| !but.contains(&f.number()));
    others.all(|field| !matches!(field.kind(), Kind::Message(_)))
}

/// True if a table of events has a column for what isn't known.
pub(super) fn keeps_unknown(table: &Table) -> bool {
    let is = |from: &ColumnSource| matches!(from, ColumnSource::Value(value) if value.root == Root::Unknown);
    matches!(table.input, Input::Events) && table.columns.iter().any(|c| is(&c.from))
}
