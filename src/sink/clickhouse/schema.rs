//! Schema check: tells if a table on the server accepts what the pipeline sends.

use super::live::Live;
use crate::contract::Table;

/// Reasons why rows of `table` can't be stored in the existing columns. Columns that only the server has are no
/// problem: a newer instance may have added them.
pub(super) fn misfits(table: &Table, live: &Live) -> Vec<String> {
    let engine = live.engine_misfit(table);
    let live = live.columns.iter().filter(|c| c.table == table.name);
    let live: Vec<_> = live.collect();
    if live.is_empty() {
        return vec![String::from("does not exist")];
    }
    let mut misfits: Vec<String> = engine.into_iter().collect();
    for column in table.columns {
        match live.iter().find(|c| c.name == column.name) {
            None => misfits.push(format!(
                "has no column `{}` (it should be {})",
                column.name, column.ty
            )),
            Some(there) if there.ty != column.ty => misfits.push(format!(
                "has column `{}` as {} (it should be {})",
                column.name, there.ty, column.ty
            )),
            Some(there) if matches!(there.default_kind.as_str(), "MATERIALIZED" | "ALIAS") => {
                misfits.push(format!(
                    "computes column `{}` itself ({}), but it must be written",
                    column.name, there.default_kind
                ));
            }
            Some(_) => {}
        }
    }
    misfits
}
