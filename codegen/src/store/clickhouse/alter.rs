//! Statements that change a ClickHouse table that is there, and the changes that are refused.

use super::in_order::InOrder;
use super::{cluster, ddl, indexes, rebuild};
use crate::base::refusal::{Place, Refusal};
use crate::model::{ClickHouse, Table};
use crate::rules::history::TABLE_KEYS;
use crate::store::{Dialect as _, TableFacts, change};

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
    if let Some(sharding) = own.divided() {
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
        // The copies of rows have the indexes of the table that they are in.
        true => rebuild::statements(own, table, without_materializing(statements)),
        false => statements,
    }
}

fn without_materializing(mut statements: Vec<String>) -> Vec<String> {
    statements.retain(|statement| !statement.contains(ddl::MATERIALIZE));
    statements
}

/// Statements that change the columns, indexes and settings of a table on one server.
fn of_one(
    own: &ClickHouse,
    table: &Table,
    before: &TableFacts,
    refused: &mut Vec<Refusal>,
) -> Vec<String> {
    let columns = own.columns(table);
    let target = ddl::name(&table.name);
    let mut alter = InOrder::new(own, &target, before, &columns);
    let statements = change::columns(&table.name, before, &columns, &mut alter, refused);
    let mut statements = indexes::around(own, &target, table, before, statements);
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
    let Some(sharding) = own.divided() else {
        return Vec::new();
    };
    let mut columns = before.clone();
    ddl::settings(own).clone_into(&mut columns.settings);
    columns.indexes.clone_from(&own.indexes);
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
