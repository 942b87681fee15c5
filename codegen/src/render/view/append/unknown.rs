//! The lines that append what a build doesn't know: they cost nothing where nothing was noticed.

use prost_reflect::MessageDescriptor;

use super::{Builder, Scope, Values, has, scope};
use crate::function::json::JSON;
use crate::model::{Input, Root};
use crate::store::{Layout, dialect};

impl Builder<'_> {
    /// The line for the header of a group and the line for an event, if the table has a column for it.
    pub(super) fn unknown_lines(
        &self,
        values: &Values<'_>,
        payload: Option<&MessageDescriptor>,
    ) -> Option<(String, String)> {
        let is = |value: &Option<_>| value.map(scope) == Some(Scope::Unknown);
        let target = self.target(values.iter().position(is)?);
        let envelope = self.model.envelope.as_ref()?;
        let shapes = self.writer.shapes;
        let header = shapes.path(&envelope.header_message);
        let event = shapes.path(&envelope.event_message);
        let of_header = match self.is_header_flagged() {
            true => "header.unknown".to_owned(),
            false => format!("unknown::any(&shapes::{header}, group.header)"),
        };
        let of_event = match self.writer.readers.is_flagged(&envelope.event_message) {
            true => {
                let of_payload = self.noticed_in_payload(values, payload);
                format!("{of_payload} || event.unknown")
            }
            // That looks into the payload, too.
            false => format!("unknown::any(&shapes::{event}, bytes)"),
        };
        Some((
            format!(
                "let aside = unknown::of_header(&shapes::{header}, group.header, {of_header})?;"
            ),
            format!(
                "unknown::append({target}, &shapes::{event}, bytes, {of_event}, aside.as_ref())?;"
            ),
        ))
    }

    /// Expression that tells if the payload has unknown fields, from code that walks over it anyway.
    fn noticed_in_payload(
        &self,
        values: &Values<'_>,
        payload: Option<&MessageDescriptor>,
    ) -> String {
        let whole = values.iter().position(|value| {
            value.is_some_and(|value| {
                value.root == Root::Payload
                    && matches!(&value.functions[..], [only] if only.name == JSON.name)
            })
        });
        let is_json = |at: &usize| {
            let column = self.table.columns.get(*at);
            column.is_some_and(|c| dialect(self.table).layout(self.table, c) == Layout::Json)
        };
        if let Some(at) = whole.filter(is_json) {
            return format!("{}.met_unknown()", self.target(at));
        }
        let flagged = |message: &&MessageDescriptor| self.writer.readers.is_flagged(message);
        match payload
            .filter(|_| has(values, Scope::Payload))
            .filter(flagged)
        {
            Some(_) => "payload.unknown".to_owned(),
            None => "unknown::any(group.kind.shape, event.payload)".to_owned(),
        }
    }

    pub(super) fn is_header_flagged(&self) -> bool {
        let envelope = self.model.envelope.as_ref();
        envelope.is_some_and(|e| self.writer.readers.is_flagged(&e.header_message))
    }

    /// The line for a JSON message.
    pub(super) fn undeclared_line(&self, at: usize) -> Option<String> {
        let Input::Json(message) = &self.table.input else {
            return None;
        };
        let (target, shape) = (self.target(at), self.writer.shapes.path(message));
        Some(format!(
            "unknown::append_members({target}, &shapes::{shape}, message.body)?;"
        ))
    }
}
