//! Stored rows that belong to an event, a user or another key: what is looked for, and what is found.

use crate::contract::{Holds, Table};

/// What is looked for. Rows have to have one of the ids, if there are any, and all of the values.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Ids of events or messages.
    pub ids: Vec<String>,
    /// Columns and the values that they have to have.
    pub values: Vec<(String, String)>,
    /// Names of event types; an empty list is no condition.
    pub types: Vec<String>,
    /// Stored then or later, in milliseconds since the epoch.
    pub since_ms: Option<i64>,
    /// Stored before.
    pub until_ms: Option<i64>,
    /// Maximum number of ids that are found in one table.
    pub limit: u64,
}

/// Rows of one id and type in one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRows {
    /// Id of the event or message; empty if the table has no column of it.
    pub id: String,
    /// Name of the type; empty if the table has no column of it.
    pub event_type: String,
    /// When the first of them was stored, in milliseconds since the epoch; none if the table doesn't say.
    pub first_ms: Option<i64>,
    /// When the last of them was stored.
    pub last_ms: Option<i64>,
    /// Number of stored rows, repeated ones included.
    pub copies: u64,
    /// Number of rows when repeated ones count once.
    pub rows: u64,
    /// Number of them with fields that the build that stored them didn't know.
    pub unknown: u64,
}

impl Search {
    /// True if a table has the columns that it looks at, so that rows may be there.
    pub fn is_of(&self, table: &Table) -> bool {
        let has = |name: &str| table.columns.iter().any(|column| column.name == name);
        let ids = self.ids.is_empty() || table.place_of(Holds::Id).is_some();
        let types = self.types.is_empty() || table.place_of(Holds::Type).is_some();
        ids && types && self.values.iter().all(|(name, _)| has(name))
    }
}

/// Names of the columns of a table with ids.
pub(super) fn ids_of(table: &Table) -> impl Iterator<Item = &'static str> {
    let ids = table
        .columns
        .iter()
        .filter(|column| column.holds == Holds::Id);
    ids.map(|column| column.name)
}

/// Name of the column of a table that holds this.
pub(super) fn column_of(table: &Table, holds: Holds) -> Option<&'static str> {
    let column = table.columns.get(table.place_of(holds)?)?;
    Some(column.name)
}
