//! Column specification: name, type, layout, and length limit of texts.

use crate::native::{Layout, TextLimit};

/// A column's name and type.
#[derive(Debug, Clone, Copy)]
pub struct ColumnSpec {
    /// Its name, unquoted.
    pub name: &'static str,
    /// Its type, exactly as the database shows it: `system.columns` of ClickHouse, `format_type` of PostgreSQL.
    pub ty: &'static str,
    /// Layout of its values. A `String` may be sent as a dictionary: ClickHouse makes strings of it.
    pub layout: Layout,
    /// The longest text that it is meant to hold; none if any will do.
    pub limit: Option<TextLimit>,
    /// Special meaning of its values.
    pub holds: Holds,
    /// Path of the field whose value it holds, with dots; empty if its name says it, or it holds no field's.
    pub from: &'static str,
}

/// Special meaning of a column's values, for code that reads or changes stored rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A value of the message, without a special meaning.
    Value,
    /// `event.id`, `$id`, or what a JSON message calls its id.
    Id,
    /// `$type`: the event type's name.
    Type,
    /// `$now`: when the row was made.
    Now,
    /// `$payload | json`: every field of the payload.
    Payload,
    /// `$unknown`: what the build that stored the row didn't know of it.
    Unknown,
}

impl ColumnSpec {
    /// A column without a limit.
    pub const fn new(name: &'static str, ty: &'static str, layout: Layout) -> Self {
        let limit = None;
        ColumnSpec {
            name,
            ty,
            layout,
            limit,
            holds: Holds::Value,
            from: "",
        }
    }

    /// Sets the special meaning of its values.
    pub const fn holds(mut self, holds: Holds) -> Self {
        self.holds = holds;
        self
    }

    /// Sets the path of the field whose value it holds.
    pub const fn from(mut self, path: &'static str) -> Self {
        self.from = path;
        self
    }

    /// Sets a limit: longer texts are reported.
    pub const fn report(mut self, bytes: u32) -> Self {
        let enforce = false;
        self.limit = Some(TextLimit { bytes, enforce });
        self
    }

    /// Sets a limit: rows with longer texts are refused.
    pub const fn enforce(mut self, bytes: u32) -> Self {
        let enforce = true;
        self.limit = Some(TextLimit { bytes, enforce });
        self
    }

    /// The type that a Native block says it has.
    pub fn sent_as(&self) -> &'static str {
        match (self.layout, self.ty) {
            (Layout::Dictionary { nullable: false }, "String") => "LowCardinality(String)",
            (_, ty) => ty,
        }
    }
}
