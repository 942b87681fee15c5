//! How values travel to ClickHouse: as the column's type is laid out, and texts that repeat as a dictionary.

use crate::model::{Column, ColumnSource, Input, Root, Table, Type, Value};
use crate::store::Layout;

/// The layout of a column.
pub(super) fn of(table: &Table, column: &Column) -> Layout {
    match repeats(table, column) {
        true => Layout::Dictionary { nullable: false },
        false => Layout::of(&column.ty),
    }
}

/// True if a text is the same for all events of a request. It is sent once then, however the table stores it. What isn't
/// known is nearly always nothing, or of the header.
fn repeats(table: &Table, column: &Column) -> bool {
    let of_request = |value: &Value| {
        matches!(
            value.root,
            Root::Header(_) | Root::TypeName | Root::ClientOfEvents | Root::Unknown
        )
    };
    matches!(table.input, Input::Events)
        && column.ty == Type::String
        && matches!(&column.from, ColumnSource::Value(value) if of_request(value))
}
