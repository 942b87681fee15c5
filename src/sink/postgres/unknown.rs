//! Unknown fields of stored rows in PostgreSQL: listing them, and filling in those that this build knows.

use tokio_postgres::types::{ToSql, Type};

use super::values::{PgType, Values};
use super::{BATCH_LIMIT, Postgres, SETTINGS, connection, late, quote, sqlstate, upsert_of};
use crate::contract::{Block, Holds, Table, Upsert};
use crate::native::column::read::Cell;
use crate::sink::clickhouse::unknown::Found;
use crate::sink::{Fault, StoreError};

/// Row with unknown fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRow {
    /// Values of its unique columns, as text.
    pub key: Vec<String>,
    /// Column of unknown fields.
    pub unknown: String,
}

/// Change of a column: name, before, after.
pub type Change = (String, String, String);

type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

impl Postgres {
    /// Unknown fields of a table's rows, of those since a time, in milliseconds since the epoch.
    pub async fn unknown_fields(
        &self,
        table: &'static Table,
        since_ms: Option<i64>,
    ) -> Result<Vec<Found>, StoreError> {
        let unknown = column(table, Holds::Unknown).ok_or_else(|| lacks(table))?;
        let (at, since) = (at(table), since(table));
        let sql = format!(
            r"SELECT regexp_replace(regexp_replace(m.key, '/[0-9]+(?=/|$)', '/*', 'g'), '^$', '/') AS pointer,
                     count(DISTINCT t.ctid), min({at}), max({at}), min(left(m.value::text, 80))
              FROM {} AS t, json_each(t.{unknown}::json) AS m
              WHERE t.{unknown} IS NOT NULL AND {since} GROUP BY 1 ORDER BY 1",
            quote::identifier(table.name)
        );
        let rows = self.ask_for(&sql, &[(&since_ms, Type::INT8)]).await?;
        let found = |row: &tokio_postgres::Row| {
            Ok(Found {
                event_type: String::new(),
                pointer: row.try_get(0)?,
                rows: row.try_get::<_, i64>(1)?.unsigned_abs(),
                first_ms: row.try_get(2)?,
                last_ms: row.try_get(3)?,
                example: row.try_get::<_, Option<String>>(4)?.unwrap_or_default(),
            })
        };
        rows.iter()
            .map(found)
            .collect::<Result<_, _>>()
            .map_err(|e| sqlstate::judge(&e))
    }

    /// Next rows with unknown fields, in the order of their keys.
    pub async fn unknown_rows(
        &self,
        table: &'static Table,
        since_ms: Option<i64>,
        after: Option<&[String]>,
        limit: u64,
    ) -> Result<Vec<UnknownRow>, StoreError> {
        let upsert = upsert_of(table)?;
        let unknown = column(table, Holds::Unknown).ok_or_else(|| lacks(table))?;
        let keys = keys(table, upsert)?;
        let (names, texts): (Vec<_>, Vec<_>) = keys
            .iter()
            .map(|(name, _)| (name.clone(), format!("{name}::text")))
            .unzip();
        let bounds: Vec<String> = (2..)
            .zip(&keys)
            .map(|(n, (_, ty))| format!("${n}::text::{ty}"))
            .collect();
        let beyond = match after {
            Some(_) => format!("AND ({}) > ({})", names.join(", "), bounds.join(", ")),
            None => String::new(),
        };
        let sql = format!(
            "SELECT {unknown}, {} FROM {} WHERE {unknown} IS NOT NULL AND {} {beyond} ORDER BY {} LIMIT {limit}",
            texts.join(", "),
            quote::identifier(table.name),
            since(table),
            names.join(", "),
        );
        let mut parameters: Vec<Parameter<'_>> = vec![(&since_ms, Type::INT8)];
        let after = after.unwrap_or_default();
        parameters.extend(
            after
                .iter()
                .map(|key| (key as &(dyn ToSql + Sync), Type::TEXT)),
        );
        let rows = self.ask_for(&sql, &parameters).await?;
        let row = |row: &tokio_postgres::Row| {
            Ok(UnknownRow {
                unknown: row.try_get(0)?,
                key: (1..=keys.len())
                    .map(|at| row.try_get(at))
                    .collect::<Result<_, _>>()?,
            })
        };
        rows.iter()
            .map(row)
            .collect::<Result<_, _>>()
            .map_err(|e| sqlstate::judge(&e))
    }

    /// Fills in a row, unless it has changed: `block` has a row without the new fields and one with them, and the
    /// columns that differ are filled in. Returns the changes, or none if one is part of the key, a
    /// column has another value already, or the row has changed; without `apply` nothing is written.
    pub async fn fill_unknown(
        &self,
        block: &Block,
        row: &UnknownRow,
        rest: &str,
        apply: bool,
    ) -> Result<Option<Vec<Change>>, StoreError> {
        let table = block.table();
        let upsert = upsert_of(table)?;
        let unknown = column(table, Holds::Unknown).ok_or_else(|| lacks(table))?;
        let cells = (0..table.columns.len()).map(|at| block.cells(at).unwrap_or_default());
        let cells: Vec<Vec<Cell<'_>>> = cells.collect();
        let differ = |at: &usize| cells.get(*at).is_some_and(|c| c.first() != c.get(1));
        let ours = |at: &usize| {
            let holds = table.columns.get(*at).map(|column| column.holds);
            !matches!(holds, Some(Holds::Unknown | Holds::Now))
        };
        let changed: Vec<usize> = (0..table.columns.len())
            .filter(ours)
            .filter(differ)
            .collect();
        if changed.iter().any(|at| upsert.unique.contains(at)) {
            return Ok(None);
        }
        let mut values = Vec::new();
        let mut without = Vec::new();
        for at in &changed {
            if let (Some(spec), Some(cells)) = (table.columns.get(*at), cells.get(*at)) {
                let ty = PgType::of(spec.ty).ok_or_else(|| lacks(table))?;
                let place = |n: usize| format!("(${n}::{}[])[1]{}", ty.array_element(), ty.cast());
                let name = quote::identifier(spec.name);
                let base = place(changed.len() + values.len() + 1);
                without.push((
                    // Of what is made of several fields the row may have had another one.
                    format!("({name} IS NULL OR {name} IS NOT DISTINCT FROM {base})"),
                    ty,
                    Values::of(spec, ty, cells, &[0])?,
                ));
                let place = place(values.len() + 1);
                values.push((
                    quote::identifier(spec.name),
                    place,
                    ty,
                    Values::of(spec, ty, cells, &[1])?,
                ));
            }
        }
        let mut parameters: Vec<Parameter<'_>> = values
            .iter()
            .map(|(.., ty, value)| (value.parameter(), ty.array()))
            .chain(
                without
                    .iter()
                    .map(|(_, ty, value)| (value.parameter(), ty.array())),
            )
            .collect();
        let rest = Some(rest).filter(|rest| !rest.is_empty());
        let mut conditions = vec![format!("{unknown} = ${}", parameters.len() + 1)];
        parameters.push((&row.unknown, Type::TEXT));
        conditions.extend(without.iter().map(|(condition, ..)| condition.clone()));
        for ((name, ty), value) in keys(table, upsert)?.iter().zip(&row.key) {
            conditions.push(format!("{name} = ${}::text::{ty}", parameters.len() + 1));
            parameters.push((value, Type::TEXT));
        }
        let (on, conditions) = (quote::identifier(table.name), conditions.join(" AND "));
        let shown: Vec<String> = values
            .iter()
            .map(|(name, place, ..)| {
                format!("coalesce({name}::text, 'NULL'), coalesce(({place})::text, 'NULL')")
            })
            .chain(std::iter::once(unknown.clone()))
            .collect();
        let sql = format!("SELECT {} FROM {on} WHERE {conditions}", shown.join(", "));
        let found = self.ask_for(&sql, &parameters).await?;
        let Some(found) = found.first() else {
            return Ok(None);
        };
        let mut changes = Vec::new();
        for (n, (name, ..)) in values.iter().enumerate() {
            let text = |at| {
                found
                    .try_get::<_, String>(at)
                    .map_err(|e| sqlstate::judge(&e))
            };
            changes.push((name.replace('"', ""), text(2 * n)?, text(2 * n + 1)?));
        }
        let unknown_name = unknown.replace('"', "");
        changes.push((
            unknown_name,
            row.unknown.clone(),
            rest.unwrap_or("NULL").to_owned(),
        ));
        if !apply {
            return Ok(Some(changes));
        }
        let mut set: Vec<String> = values
            .iter()
            .map(|(name, place, ..)| format!("{name} = {place}"))
            .collect();
        set.push(format!("{unknown} = ${}", parameters.len() + 1));
        parameters.push((&rest, Type::TEXT));
        let sql = format!("UPDATE {on} SET {} WHERE {conditions}", set.join(", "));
        let rows = self.change(&sql, &parameters).await?;
        Ok(Some(changes).filter(|_| rows > 0))
    }

    pub(super) async fn ask_for(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<tokio_postgres::Row>, StoreError> {
        let client = connection::get(self).await?;
        let asked = client.query_typed(sql, parameters);
        match tokio::time::timeout(BATCH_LIMIT, asked).await {
            Ok(rows) => rows.map_err(|error| sqlstate::judge(&error)),
            Err(_) => Err(late()),
        }
    }

    async fn change(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<u64, StoreError> {
        let mut client = connection::get(self).await?;
        let changed = async {
            let transaction = client.transaction().await?;
            transaction.batch_execute(SETTINGS).await?;
            let rows = transaction.execute_typed(sql, parameters).await?;
            transaction.commit().await?;
            Ok(rows)
        };
        match tokio::time::timeout(BATCH_LIMIT, changed).await {
            Ok(rows) => rows.map_err(|error: tokio_postgres::Error| sqlstate::judge(&error)),
            Err(_) => Err(late()),
        }
    }
}

/// Quoted column that holds this.
fn column(table: &Table, holds: Holds) -> Option<String> {
    let column = table.columns.get(table.place_of(holds)?)?;
    Some(quote::identifier(column.name))
}

/// Expression of the time when a row was made, in milliseconds; 0 if it isn't known.
fn at(table: &Table) -> String {
    column(table, Holds::Now).map_or_else(
        || "0::bigint".to_owned(),
        |at| format!("(extract(epoch FROM t.{at}) * 1000)::bigint"),
    )
}

/// Condition: a row was made since the first parameter.
fn since(table: &Table) -> String {
    let at =
        column(table, Holds::Now).map(|at| format!("(extract(epoch FROM {at}) * 1000)::bigint"));
    match at {
        Some(at) => format!("($1::bigint IS NULL OR {at} >= $1)"),
        None => "($1::bigint IS NULL OR true)".to_owned(),
    }
}

/// Unique columns: quoted names and types.
fn keys(table: &'static Table, upsert: &Upsert) -> Result<Vec<(String, &'static str)>, StoreError> {
    let key = |at: &usize| {
        let column = table.columns.get(*at).ok_or_else(|| lacks(table))?;
        Ok((quote::identifier(column.name), column.ty))
    };
    upsert.unique.iter().map(key).collect()
}

fn lacks(table: &Table) -> StoreError {
    let message = format!("table {} has no column for unknown fields", table.name);
    sqlstate::failed(Fault::Destination, message)
}
