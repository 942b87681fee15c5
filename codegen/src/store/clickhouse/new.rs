//! What is asked of a ClickHouse table that isn't there yet, and can't be of one that is: its sorting key stays.

use crate::base::refusal::{Place, Refusal};
use crate::model::{ClickHouse, Column, ColumnSource, Input, Root, Table};
use crate::rules::history::KEY_WITHOUT_CLIENT;
use crate::syntax::sql::column_names;

/// Refuses a table that says who sent its rows but would have the row of one client replaced by that of another, who
/// sends an event with the same id. Ids of dead letters differ by client, and versions of a thing may be anybody's.
pub(super) fn without_client(own: &ClickHouse, table: &Table) -> Option<Refusal> {
    if own.replaces || matches!(table.input, Input::DeadLetters) {
        return None;
    }
    let client = table.columns.iter().find(|column| is_client(column))?;
    let name = client.name.as_str();
    let names_it = |key: &String| column_names(key).contains(&name);
    if own.order_by.iter().any(names_it) {
        return None;
    }
    let mut key = own.order_by.clone();
    key.insert(key.len().saturating_sub(1), name.to_owned());
    Some(Refusal {
        code: KEY_WITHOUT_CLIENT.code,
        place: Place::Table(table.name.clone()),
        message: format!(
            "the sorting key of the new table `{}` lacks `{name}`, so that one client could replace the rows of another",
            table.name
        ),
        help: format!(
            "write `order_by: [{}]`; or `ignore: [$client]`, if it doesn't matter who sent what",
            key.join(", ")
        ),
    })
}

fn is_client(column: &Column) -> bool {
    let ColumnSource::Value(value) = &column.from else {
        return false;
    };
    let is_root = matches!(value.root, Root::ClientOfEvents | Root::ClientOfMessage);
    is_root && value.functions.is_empty()
}
