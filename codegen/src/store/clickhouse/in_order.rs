//! Changes of a ClickHouse table's columns, with their order, since rows without names of columns go by it.

use super::ddl;
use crate::model::ClickHouse;
use crate::store::change::Alter;
use crate::store::{Column, TableFacts};

/// Brings the columns into the model's order, one place after the other.
pub(super) struct InOrder<'a> {
    own: &'a ClickHouse,
    /// The table, quoted.
    target: &'a str,
    /// The columns as they are after the statements so far.
    order: Vec<String>,
}

impl<'a> InOrder<'a> {
    /// The columns that are there and stay, in their order.
    pub(super) fn new(
        own: &'a ClickHouse,
        target: &'a str,
        before: &TableFacts,
        columns: &[Column<'_>],
    ) -> Self {
        let there = before.columns.iter().map(|(name, _)| name.clone());
        let stays = |name: &String| columns.iter().any(|column| column.name == name);
        InOrder {
            own,
            target,
            order: there.filter(stays).collect(),
        }
    }
}

impl Alter for InOrder<'_> {
    fn add(&mut self, column: &Column<'_>, at: usize, after: Option<&str>) -> Option<Vec<String>> {
        self.order
            .insert(at.min(self.order.len()), column.name.to_owned());
        Some(vec![ddl::add(self.target, column, after)])
    }

    fn widen(&mut self, column: &Column<'_>, was: &str) -> Option<Vec<String>> {
        let widens = widens(was, &column.ty, in_key(self.own, column.name));
        widens.then(|| vec![ddl::widen(self.target, column)])
    }

    fn place(&mut self, column: &Column<'_>, at: usize, after: Option<&str>) -> Option<String> {
        if self.order.get(at).map(String::as_str) == Some(column.name) {
            return None;
        }
        self.order.retain(|name| name != column.name);
        self.order
            .insert(at.min(self.order.len()), column.name.to_owned());
        Some(ddl::place_column(self.target, column, after))
    }
}

/// True if every value of the one type is a value of the other, and the server converts in place.
fn widens(was: &str, is: &str, in_key: bool) -> bool {
    // The bytes of a key are part of what is sorted and compared.
    if in_key {
        return false;
    }
    let wider = |a: &str, b: &str| {
        matches!(
            (a, b),
            ("Int32", "Int64") | ("UInt32", "UInt64") | ("Float32", "Float64")
        )
    };
    let inside = |text: &str| {
        text.strip_prefix("Nullable(")
            .and_then(|t| t.strip_suffix(')'))
            .map(str::to_owned)
    };
    match (inside(was), inside(is)) {
        (None, None) => wider(was, is),
        (None, Some(to)) => was == to || wider(was, &to),
        (Some(from), Some(to)) => wider(&from, &to),
        (Some(_), None) => false,
    }
}

/// True if a column takes part in the table's keys or its engine's version.
fn in_key(own: &ClickHouse, column: &str) -> bool {
    let mentions = |text: &str| {
        text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .any(|word| word == column)
    };
    mentions(&own.engine) || mentions(&own.partition_by) || own.order_by.iter().any(|k| mentions(k))
}
