//! Statements that change a ClickHouse table that is there, and the changes that are refused.

use super::{cluster, ddl, rebuild};
use crate::base::refusal::{Place, Refusal};
use crate::model::{ClickHouse, Table};
use crate::rules::history::TABLE_KEYS;
use crate::store::change::{self, Alter};
use crate::store::{Column, Dialect as _, TableFacts};

/// Statements that bring a table that is there to what it shall be.
pub(super) fn alter(
    own: &ClickHouse,
    table: &Table,
    before: &TableFacts,
    refused: &mut Vec<Refusal>,
) -> Vec<String> {
    let mut now = own.facts(table);
    let rebuilt = rebuild::is_meant(own, before);
    if rebuilt {
        now.order_by.clone_from(&before.order_by);
        refused.extend(rebuild::hindrance(own, table).map(|why| hindered(table, before, &why)));
    }
    let way_out = format!(
        "; or write `rebuilt_from: [{}]` beside it, so that a migration makes the table anew with the new key (docs/rebuild.md)",
        before.order_by
    );
    let words = (
        "order_by",
        "ClickHouse can't change it in place",
        way_out.as_str(),
    );
    change::keys(&table.name, before, &now, words, refused);
    cluster::refuse(own, table, before, refused);
    if let Some(sharding) = cluster::sharding(own) {
        if cluster::divides(own, before) {
            return divided(own, table, before, refused);
        }
        let mut statements = cluster::alter(own, sharding, table, before, refused);
        if cluster::grows(own, before) {
            statements.extend(cluster::grow(sharding, table));
        }
        return statements;
    }
    let statements = of_one(own, table, before, refused);
    match rebuilt {
        true => rebuild::statements(own, table, statements),
        false => statements,
    }
}

/// Statements that change the columns and settings of a table on one server.
fn of_one(
    own: &ClickHouse,
    table: &Table,
    before: &TableFacts,
    refused: &mut Vec<Refusal>,
) -> Vec<String> {
    let columns = own.columns(table);
    let target = ddl::name(&table.name);
    let mut alter = InOrder::new(own, &target, before, &columns);
    let mut statements = change::columns(&table.name, before, &columns, &mut alter, refused);
    statements.extend((before.settings != ddl::settings(own)).then(|| ddl::set(&target, own)));
    statements
}

/// Statements that divide a table among the shards of a cluster. Its columns stay as they are meanwhile.
fn divided(
    own: &ClickHouse,
    table: &Table,
    before: &TableFacts,
    refused: &mut Vec<Refusal>,
) -> Vec<String> {
    let Some(sharding) = cluster::sharding(own) else {
        return Vec::new();
    };
    let mut columns = before.clone();
    ddl::settings(own).clone_into(&mut columns.settings);
    if !of_one(own, table, &columns, refused).is_empty() {
        refused.push(Refusal {
            code: TABLE_KEYS.code,
            place: Place::Table(table.name.clone()),
            message: format!(
                "table `{}` is divided among the shards of a cluster, and its columns change as well",
                table.name
            ),
            help: "change its columns in a migration of their own, before or after".into(),
        });
    }
    cluster::divide(own, sharding, table)
}

/// A rebuild that is asked for and can't be done.
fn hindered(table: &Table, before: &TableFacts, why: &str) -> Refusal {
    Refusal {
        code: TABLE_KEYS.code,
        place: Place::Table(table.name.clone()),
        message: format!("table `{}` can't be rebuilt: {why}", table.name),
        help: format!(
            "put back `order_by: [{}]`, or declare a new table with another name",
            before.order_by
        ),
    }
}

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
