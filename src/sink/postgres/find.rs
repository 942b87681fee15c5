//! Looks for rows by id or by values.

use tokio_postgres::types::{ToSql, Type};

use super::{Postgres, quote, sqlstate};
use crate::contract::{Holds, Table};
use crate::sink::StoreError;
use crate::sink::found::{FoundRows, Search, column_of, ids_of};

impl Postgres {
    /// Looks for rows of a table, those that were stored first before others.
    pub async fn find(
        &self,
        table: &'static Table,
        search: &Search,
    ) -> Result<Vec<FoundRows>, StoreError> {
        let text = |holds| match column_of(table, holds) {
            Some(name) => format!("{}::text", quote::identifier(name)),
            None => "''".to_owned(),
        };
        let at = match column_of(table, Holds::Now) {
            Some(name) => format!(
                "(extract(epoch FROM {}) * 1000)::bigint",
                quote::identifier(name)
            ),
            None => "NULL::bigint".to_owned(),
        };
        let unknown = match column_of(table, Holds::Unknown) {
            Some(name) => format!("count({})", quote::identifier(name)),
            None => "0::bigint".to_owned(),
        };
        let (id, kind) = (text(Holds::Id), text(Holds::Type));
        let mut conditions = vec!["true".to_owned()];
        let mut parameters: Vec<(&(dyn ToSql + Sync), Type)> = Vec::new();
        if !search.ids.is_empty() {
            parameters.push((&search.ids, Type::TEXT_ARRAY));
            let number = parameters.len();
            let any = ids_of(table)
                .map(|name| format!("{}::text = ANY(${number})", quote::identifier(name)));
            conditions.push(format!("({})", any.collect::<Vec<_>>().join(" OR ")));
        }
        if !search.types.is_empty() {
            parameters.push((&search.types, Type::TEXT_ARRAY));
            conditions.push(format!("{kind} = ANY(${})", parameters.len()));
        }
        for (name, value) in &search.values {
            parameters.push((value, Type::TEXT));
            let column = quote::identifier(name);
            conditions.push(format!("{column}::text = ${}", parameters.len()));
        }
        for (bound, sign) in [(&search.since_ms, ">="), (&search.until_ms, "<")] {
            if let Some(bound) = bound {
                parameters.push((bound, Type::INT8));
                conditions.push(format!("{at} {sign} ${}", parameters.len()));
            }
        }
        let sql = format!(
            "SELECT coalesce({id}, ''), coalesce({kind}, ''), min({at}), max({at}), count(*), {unknown} FROM {} \
             WHERE {} GROUP BY 1, 2 ORDER BY 3, 1 LIMIT {}",
            quote::identifier(table.name),
            conditions.join(" AND "),
            search.limit
        );
        let rows = self.ask_for(&sql, &parameters).await?;
        let found = rows.iter().map(|row| {
            let copies = row.try_get::<_, i64>(4)?.unsigned_abs();
            Ok(FoundRows {
                id: row.try_get(0)?,
                event_type: row.try_get(1)?,
                first_ms: row.try_get(2)?,
                last_ms: row.try_get(3)?,
                copies,
                rows: copies,
                unknown: row.try_get::<_, i64>(5)?.unsigned_abs(),
            })
        });
        let found: Result<_, tokio_postgres::Error> = found.collect();
        found.map_err(|error| sqlstate::judge(&error))
    }
}
