//! Schema check: the live tables, and if they accept what the pipeline sends.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio_postgres::types::Type;

use super::{Postgres, connection, late, quote, sqlstate};
use crate::contract::Table;
use crate::sink::StoreError;
use crate::sink::clickhouse::Difference;

/// Tables are found by the search path, as statements find them.
const COLUMNS: &str = "\
SELECT w.name, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.atthasdef OR a.attidentity <> '',
       a.attgenerated <> '' OR a.attidentity = 'a'
FROM unnest($1::text[], $2::text[]) AS w (name, quoted)
JOIN pg_attribute a ON a.attrelid = to_regclass(w.quoted) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY w.name, a.attnum";

/// Tables that a crash of the server empties.
const UNLOGGED: &str = "\
SELECT w.name
FROM unnest($1::text[], $2::text[]) AS w (name, quoted)
JOIN pg_class c ON c.oid = to_regclass(w.quoted) AND c.relpersistence <> 'p'";

/// Unique indexes of the tables, and of the tables behind views: a table that has another name has a view under the former one.
const KEYS: &str = "\
SELECT w.name, array_agg(a.attname::text)
FROM unnest($1::text[], $2::text[]) AS w (name, quoted)
JOIN pg_index i ON i.indrelid = to_regclass(w.quoted) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
    AND i.indexprs IS NULL
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1])
GROUP BY w.name, i.indexrelid
UNION ALL
SELECT v.name, array_agg(a.attname::text)
FROM (
    SELECT DISTINCT w.name, d.refobjid AS behind
    FROM unnest($1::text[], $2::text[]) AS w (name, quoted)
    JOIN pg_class c ON c.oid = to_regclass(w.quoted) AND c.relkind = 'v'
    JOIN pg_rewrite r ON r.ev_class = c.oid
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
        AND d.refobjid <> c.oid
) v
JOIN pg_index i ON i.indrelid = v.behind AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1])
GROUP BY v.name, i.indexrelid";

/// Live schema of some tables.
#[derive(Debug, Default)]
pub(super) struct Live {
    columns: Vec<LiveColumn>,
    /// Tables that a crash of the server empties.
    unlogged: Vec<String>,
    /// Unique column sets, by table.
    keys: Vec<(String, BTreeSet<String>)>,
}

#[derive(Debug)]
struct LiveColumn {
    table: String,
    name: String,
    ty: String,
    not_null: bool,
    /// True if it has a default value.
    has_default: bool,
    /// True if it is computed and can't be written.
    computed: bool,
}

impl Postgres {
    /// Reads the live schema of some tables. Once there is a connection, this may take as long as `limit`.
    pub(super) async fn columns(
        &self,
        tables: &[&Table],
        limit: Duration,
    ) -> Result<Live, StoreError> {
        let client = connection::get(self).await?;
        let names: Vec<&str> = tables.iter().map(|table| table.name).collect();
        let quoted: Vec<String> = names.iter().map(|name| quote::identifier(name)).collect();
        let asked = async {
            let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
                [(&names, Type::TEXT_ARRAY), (&quoted, Type::TEXT_ARRAY)];
            let columns = client.query_typed(COLUMNS, &parameters).await?;
            let unlogged = client.query_typed(UNLOGGED, &parameters).await?;
            let keys = client.query_typed(KEYS, &parameters).await?;
            let column = |row: &tokio_postgres::Row| {
                Ok(LiveColumn {
                    table: row.try_get(0)?,
                    name: row.try_get(1)?,
                    ty: row.try_get(2)?,
                    not_null: row.try_get(3)?,
                    has_default: row.try_get(4)?,
                    computed: row.try_get(5)?,
                })
            };
            let key = |row: &tokio_postgres::Row| {
                let names: Vec<String> = row.try_get(1)?;
                Ok((row.try_get(0)?, names.into_iter().collect()))
            };
            Ok(Live {
                columns: columns.iter().map(column).collect::<Result<_, _>>()?,
                unlogged: unlogged
                    .iter()
                    .map(|row| row.try_get(0))
                    .collect::<Result<_, _>>()?,
                keys: keys.iter().map(key).collect::<Result<_, _>>()?,
            })
        };
        let (live, leaves) = match tokio::time::timeout(limit, asked).await {
            Ok(Ok(live)) => (Ok(live), false),
            Ok(Err(error)) => {
                let leaves = sqlstate::is_of_the_server(&error);
                (Err(sqlstate::unreachable(&error)), leaves)
            }
            Err(_) => (Err(late()), true),
        };
        if leaves {
            connection::leave(&self.pool, client);
        }
        live
    }
}

/// True if a table is missing altogether.
fn is_missing(table: &Table, live: &Live) -> bool {
    live.columns.iter().all(|c| c.table != table.name)
}

/// Reasons why rows of `table` can't be stored in the existing table. Columns that only the server has are no problem
/// if they have defaults: a newer instance may have added them.
pub(super) fn misfits(table: &Table, live: &Live) -> Vec<String> {
    let Some(upsert) = table.upsert() else {
        return vec![String::from("is not a PostgreSQL table")];
    };
    if is_missing(table, live) {
        return vec![String::from("does not exist")];
    }
    let there: Vec<_> = live
        .columns
        .iter()
        .filter(|c| c.table == table.name)
        .collect();
    let columns = table.columns.iter();
    let of_rows = columns.map(|column| (column.name, column.ty, is_nullable(column)));
    let of_hooks = upsert.hook_columns.iter();
    let wanted: Vec<_> = of_rows
        .chain(of_hooks.map(|(name, ty)| (*name, *ty, true)))
        .collect();
    let mut misfits = Vec::new();
    if live.unlogged.iter().any(|name| name == table.name) {
        let quoted = quote::identifier(table.name);
        misfits.push(format!(
            "is UNLOGGED, so that a crash of the server empties it (ALTER TABLE {quoted} SET LOGGED fixes it)"
        ));
    }
    for (name, ty, nullable) in &wanted {
        match there.iter().find(|c| c.name == *name) {
            None => misfits.push(format!("has no column `{name}` (it should be {ty})")),
            Some(c) if c.ty != *ty => misfits.push(format!(
                "has column `{name}` as {} (it should be {ty})",
                c.ty
            )),
            Some(c) if c.computed => misfits.push(format!(
                "computes column `{name}` itself, but it must be written"
            )),
            Some(c) if c.not_null && *nullable && !c.has_default => misfits.push(format!(
                "has column `{name}` as NOT NULL, but it can be NULL"
            )),
            Some(_) => {}
        }
    }
    for column in &there {
        let known = wanted.iter().any(|(name, ..)| column.name == *name);
        if !known && column.not_null && !column.has_default && !column.computed {
            misfits.push(format!(
                "has column `{}`, which is not in the pipeline, NOT NULL and without a default",
                column.name
            ));
        }
    }
    let named = upsert.unique.iter().filter_map(|at| table.columns.get(*at));
    let key: BTreeSet<String> = named.map(|c| c.name.to_owned()).collect();
    if !live
        .keys
        .iter()
        .any(|(of, k)| of == table.name && *k == key)
    {
        let key: Vec<String> = key.into_iter().collect();
        misfits.push(format!("has no unique index on ({})", key.join(", ")));
    }
    misfits
}

/// Misfits as differences of a report.
pub(super) fn differences(tables: &[&'static Table], live: &Live) -> Vec<Difference> {
    let mut found = Vec::new();
    for table in tables {
        let missing = is_missing(table, live);
        found.extend(misfits(table, live).into_iter().map(|text| Difference {
            table: table.name,
            text,
            harmless: false,
            missing,
        }));
    }
    found
}

fn is_nullable(column: &crate::contract::ColumnSpec) -> bool {
    matches!(column.layout, crate::native::Layout::Nullable(_))
}
