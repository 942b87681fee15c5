//! Unknown fields in the tables: listing them, telling which this build knows, and filling those in.

mod fill;
mod mini;
mod reprocess;
#[cfg(test)]
mod tests;

pub use reprocess::{Plan, Sample, Stores, reprocess};

use serde::Serialize;

use crate::contract::{Destination, Envelope, Holds, Input, Pipeline, Table};
use crate::protobuf::{Kind, Label, Shape};
use crate::unknown::{CUT, parts};

/// Input that a table's rows are made from.
#[derive(Debug, Clone, Copy)]
pub enum Fed {
    /// App events.
    Events(&'static Envelope),
    /// One JSON object.
    Json(&'static Shape),
}

/// Unknown field of some rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// The table.
    pub table: &'static str,
    /// Event type, if rows have one.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Pointer to the field; list indexes are `*`.
    pub pointer: String,
    /// Number of rows that have it.
    pub rows: u64,
    /// Time when the first of them was stored, in milliseconds since the epoch.
    pub first_ms: i64,
    /// Time when the last of them was stored.
    pub last_ms: i64,
    /// Beginning of one of its values.
    pub example: String,
    /// True if this build knows the field.
    pub known: bool,
}

/// Tables that keep unknown fields, and their inputs.
pub fn tables(pipeline: &'static Pipeline) -> Vec<(&'static Table, Fed)> {
    let keeps = |table: &&&'static Table| table.place_of(Holds::Unknown).is_some();
    let all = pipeline.tables.iter().filter(keeps);
    all.filter_map(|table| Some((*table, fed(pipeline, table)?)))
        .collect()
}

fn fed(pipeline: &Pipeline, table: &Table) -> Option<Fed> {
    pipeline
        .queues
        .iter()
        .find_map(|queue| match (queue.into, queue.input) {
            (Destination::Table(into), Input::Events(envelope)) if into.name == table.name => {
                Some(Fed::Events(envelope))
            }
            (Destination::Table(into), Input::Json(shape)) if into.name == table.name => {
                Some(Fed::Json(shape))
            }
            _ => None,
        })
}

impl Fed {
    /// True if this build knows the field of a pointer. List indexes may be anything.
    pub fn knows(self, pointer: &str) -> bool {
        let all: Vec<String> = parts(pointer).collect();
        let Some((root, rest)) = all.split_first().filter(|_| pointer != CUT) else {
            return false;
        };
        let shape = match (self, root.as_str()) {
            (Fed::Events(envelope), "event") => envelope.event_shape,
            (Fed::Events(envelope), "header") => envelope.header_shape,
            (Fed::Json(shape), "body") => shape,
            _ => return false,
        };
        is_known(shape, rest)
    }
}

fn is_known(shape: &'static Shape, parts: &[String]) -> bool {
    let (name, rest) = match parts {
        [] => return false,
        [last] => {
            let number = last
                .strip_prefix('#')
                .and_then(|number| number.parse().ok());
            let by_number = number.is_some_and(|number| shape.field(number).is_some());
            return by_number
                || shape
                    .fields
                    .iter()
                    .any(|f| f.name == last || f.json_name == last);
        }
        [name, rest @ ..] => (name, rest),
    };
    let mut fields = shape.fields.iter();
    let Some(field) = fields.find(|f| f.json_name == name || f.name == name) else {
        return false;
    };
    let rest = match field.label {
        Label::Repeated => rest.get(1..).unwrap_or_default(),
        _ => rest,
    };
    let inner = match field.kind {
        Kind::Map(entry) => entry.field(2).and_then(|(_, value)| value.kind.shape()),
        kind => kind.shape(),
    };
    inner.is_some_and(|inner| is_known(inner, rest))
}
