//! What a table says of each of its columns: name, type, layout, and how long its texts may be.

use crate::native::{Layout, TextLimit};

/// A column's name and type.
#[derive(Debug, Clone, Copy)]
pub struct ColumnSpec {
    /// Its name, unquoted.
    pub name: &'static str,
    /// Its type, exactly as the database shows it: `system.columns` of ClickHouse, `format_type` of PostgreSQL.
    pub ty: &'static str,
    /// How its values are laid out. A `String` may be sent as a dictionary: ClickHouse makes strings of it.
    pub layout: Layout,
    /// The longest text that it is meant to hold; none if any will do.
    pub limit: Option<TextLimit>,
    /// What it holds, as far as that matters beyond its values.
    pub holds: Holds,
}

/// What a column holds, where somebody has to know who reads or changes rows that are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Some value of what was sent.
    Value,
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
        }
    }

    /// The same, with what it holds.
    pub const fn holds(mut self, holds: Holds) -> Self {
        self.holds = holds;
        self
    }

    /// The same, where texts of more bytes are told of.
    pub const fn report(mut self, bytes: u32) -> Self {
        let enforce = false;
        self.limit = Some(TextLimit { bytes, enforce });
        self
    }

    /// The same, where rows with texts of more bytes are refused.
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
