//! Upsert: one statement a table, whatever the size of the batch, with one array of values for each column.

use std::collections::BTreeMap;

use tokio_postgres::types::{ToSql, Type};

use super::values::{PgType, Values, whole};
use super::{quote, sqlstate};
use crate::contract::{Block, Conflict, Table, Upsert};
use crate::native::column::read::Cell;
use crate::sink::{Fault, StoreError};

/// Upsert statement. Rows are in the order of their keys, so that two instances don't deadlock.
pub(super) fn statement(table: &Table, upsert: &Upsert) -> Result<String, StoreError> {
    let types = types(table)?;
    let all: Vec<usize> = (0..table.columns.len()).collect();
    let arrays: Vec<String> = (1..)
        .zip(&types)
        .map(|(n, ty)| format!("${n}::{}[]", ty.array_element()))
        .collect();
    let names: Vec<String> = (1..=types.len()).map(|n| format!("c{n}")).collect();
    let values: Vec<String> = names
        .iter()
        .zip(&types)
        .map(|(name, ty)| format!("r.{name}{}", ty.cast()))
        .collect();
    let mut sql = format!(
        "INSERT INTO {} AS t ({}) SELECT {} FROM unnest({}) AS r ({}) ON CONFLICT ({}) DO ",
        quote::identifier(table.name),
        quote::columns(table, &all),
        values.join(", "),
        arrays.join(", "),
        names.join(", "),
        quote::columns(table, upsert.unique),
    );
    match upsert.conflict {
        Conflict::Keep => sql.push_str("NOTHING"),
        Conflict::Replace { version } => {
            let others = all.iter().filter(|at| !upsert.unique.contains(at));
            let set: Vec<String> = others
                .map(|at| {
                    let name = quote::columns(table, &[*at]);
                    format!("{name} = EXCLUDED.{name}")
                })
                .collect();
            let version = quote::columns(table, &[version]);
            sql.push_str(&format!(
                "UPDATE SET {} WHERE t.{version} < EXCLUDED.{version}",
                set.join(", ")
            ));
        }
    }
    Ok(sql)
}

/// Parameters of the statement for the rows of a block.
#[derive(Debug)]
pub(super) struct Parameters<'a> {
    columns: Vec<(Values<'a>, Type)>,
}

impl<'a> Parameters<'a> {
    /// Parameters of a block's rows: of those with one key the one that stays, in the order of their keys.
    pub(super) fn of(block: &'a Block, upsert: &Upsert) -> Result<Self, StoreError> {
        let table = block.table();
        let types = types(table)?;
        let cells = (0..table.columns.len())
            .map(|at| block.cells(at).ok_or_else(|| unfit(table, at)))
            .collect::<Result<Vec<_>, _>>()?;
        let rows = chosen(&cells, &types, block.rows(), upsert);
        let columns = table.columns.iter().zip(&types).zip(&cells);
        let columns = columns
            .map(|((column, ty), cells)| Ok((Values::of(column, *ty, cells, &rows)?, ty.array())))
            .collect::<Result<_, StoreError>>()?;
        Ok(Parameters { columns })
    }

    /// Parameters in the client's form.
    pub(super) fn list(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        let columns = self.columns.iter();
        columns
            .map(|(values, ty)| (values.parameter(), ty.clone()))
            .collect()
    }
}

/// Rows to send: each key once.
fn chosen(cells: &[Vec<Cell<'_>>], types: &[PgType], rows: usize, upsert: &Upsert) -> Vec<usize> {
    let version = |row: usize| match upsert.conflict {
        Conflict::Keep => None,
        Conflict::Replace { version } => {
            let cell = cells.get(version)?.get(row)?;
            whole(*types.get(version)?, *cell)
        }
    };
    let mut by_key: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for row in 0..rows {
        let kept = by_key.entry(key(cells, row, upsert)).or_insert(row);
        if version(row) > version(*kept) {
            *kept = row;
        }
    }
    by_key.into_values().collect()
}

/// Key of a row, in bytes that differ if keys do.
fn key(cells: &[Vec<Cell<'_>>], row: usize, upsert: &Upsert) -> Vec<u8> {
    let mut key = Vec::new();
    for at in upsert.unique {
        match cells.get(*at).and_then(|cells| cells.get(row)) {
            Some(Cell::Fixed(data)) => key.extend_from_slice(data),
            Some(Cell::Text(data)) => {
                key.extend_from_slice(&(data.len() as u64).to_le_bytes());
                key.extend_from_slice(data);
            }
            Some(Cell::Null) | None => {}
        }
    }
    key
}

fn types(table: &Table) -> Result<Vec<PgType>, StoreError> {
    let columns = table.columns.iter().enumerate();
    columns
        .map(|(at, column)| PgType::of(column.ty).ok_or_else(|| unfit(table, at)))
        .collect()
}

/// Error of a column that this build can't write: generated code and server are of different builds.
fn unfit(table: &Table, at: usize) -> StoreError {
    let column = table.columns.get(at);
    let (name, ty) = column.map_or(("?", "?"), |c| (c.name, c.ty));
    let message = format!(
        "column `{name}` of table {} is {ty}, which this build can't write",
        table.name
    );
    sqlstate::failed(Fault::Destination, message)
}
