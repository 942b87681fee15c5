//! Statements that change a ClickHouse table that is there, and the changes that are refused.

use super::ddl;
use crate::base::refusal::{Place, Refusal};
use crate::model::Table;
use crate::rules::history::{COLUMN_GONE, COLUMN_TYPE};
use crate::store::facts::TableFacts;

/// Statements that bring the columns into the model's order, one place after the other.
pub(crate) fn columns(
    before: &TableFacts,
    table: &Table,
    refused: &mut Vec<Refusal>,
) -> Vec<String> {
    let mut order: Vec<&str> = Vec::new();
    for (name, _) in &before.columns {
        if table.columns.iter().any(|column| column.name == *name) {
            order.push(name);
        } else {
            refused.push(Refusal {
                code: COLUMN_GONE.code,
                place: Place::Table(table.name.clone()),
                message: format!("column `{name}` of table `{}` is gone", table.name),
                help: "put it back under its old name, also if its field is no longer sent; a new name is a new column"
                    .into(),
            });
        }
    }
    let mut statements = Vec::new();
    let mut after: Option<&str> = None;
    for (at, column) in table.columns.iter().enumerate() {
        let is = column.ty.to_string();
        let was = before.columns.iter().find(|(name, _)| *name == column.name);
        match was {
            None => {
                statements.push(ddl::add(&table.name, column, after));
                order.insert(at.min(order.len()), &column.name);
            }
            Some((_, was)) => {
                if *was != is && widens(was, &is, in_key(table, &column.name)) {
                    statements.push(ddl::widen(&table.name, column));
                } else if *was != is {
                    refused.push(Refusal {
                        code: COLUMN_TYPE.code,
                        place: Place::Column(table.name.clone(), column.name.clone()),
                        message: format!(
                            "column `{}` of table `{}` was `{was}` and is now `{is}`",
                            column.name, table.name
                        ),
                        help: "leave its type as it was, or add a column with another name".into(),
                    });
                }
                if order.get(at) != Some(&column.name.as_str()) {
                    statements.push(ddl::place_column(&table.name, column, after));
                    order.retain(|name| *name != column.name);
                    order.insert(at.min(order.len()), &column.name);
                }
            }
        }
        after = Some(&column.name);
    }
    statements
}

/// Whether every value of the one type is a value of the other, and the server converts in place.
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

/// Whether a column takes part in the table's keys or its engine's version.
fn in_key(table: &Table, column: &str) -> bool {
    let mentions = |text: &str| {
        text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .any(|word| word == column)
    };
    mentions(&table.engine)
        || mentions(&table.partition_by)
        || table.order_by.iter().any(|k| mentions(k))
}
