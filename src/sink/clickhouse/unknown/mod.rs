//! Unknown fields of stored rows in ClickHouse: listing them, and filling in those that this build knows.

mod refill;

pub use refill::{Counts, Item, Refill, Row as StoredRow};

use std::time::Duration;

use clickhouse::Row;
use serde::Deserialize;

use super::{ClickHouse, exception, quote};
use crate::contract::{Holds, Table};
use crate::sink::{Fault, StoreError};

/// Timeout of a query over a whole table.
const LOOK_LIMIT: Duration = Duration::from_secs(300);

/// Pointer without list indexes, as an expression over `p`. A match includes the slash after it, so the second of two
/// adjacent indexes is found in the second pass.
const WITHOUT_PLACES: &str =
    r"replaceRegexpAll(replaceRegexpAll(p, '/[0-9]+(/|$)', '/*\\1'), '/[0-9]+(/|$)', '/*\\1')";

/// Unknown field of some rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct Found {
    /// Name of the event type; empty if rows have none.
    pub event_type: String,
    /// Pointer to the field; list indexes are `*`.
    pub pointer: String,
    /// Number of rows that have it.
    pub rows: u64,
    /// Time when the first of them was stored, in milliseconds since the epoch; 0 if it isn't known.
    pub first_ms: i64,
    /// Time when the last of them was stored.
    pub last_ms: i64,
    /// Beginning of one of its values.
    pub example: String,
}

impl ClickHouse {
    /// Unknown fields of a table's rows, of those since a time, in milliseconds since the epoch.
    pub async fn unknown_fields(
        &self,
        table: &'static Table,
        since_ms: Option<i64>,
    ) -> Result<Vec<Found>, StoreError> {
        let place = Place::of(self, table).await?;
        let unknown = place.unknown.clone();
        let of_type = place
            .column(Holds::Type)
            .map_or("''".to_owned(), |c| format!("toString({c})"));
        let at = place.column(Holds::Now);
        let at = at.map_or("toInt64(0)".to_owned(), |c| {
            format!("toUnixTimestamp64Milli({c})")
        });
        let since = since_ms.map_or(String::new(), |since| format!(" AND {at} >= {since}"));
        let sql = format!(
            "SELECT event_type, pointer, uniqExact(row) AS rows, min(at) AS first_ms, max(at) AS last_ms, \
             substringUTF8(any(value), 1, 80) AS example FROM (\
             SELECT event_type, row, at, member.1 AS p, member.2 AS value, {WITHOUT_PLACES} AS pointer FROM (\
             SELECT {of_type} AS event_type, sipHash128({key}) AS row, {at} AS at, \
             arrayJoin(JSONExtractKeysAndValuesRaw({unknown})) AS member FROM {table} FINAL \
             WHERE {unknown} != ''{since} AND tuple({key}) IN (SELECT tuple({key}) FROM {table} WHERE {unknown} != '')\
             )) GROUP BY event_type, pointer ORDER BY event_type, pointer",
            key = place.key,
            table = place.name,
        );
        self.rows_within(&sql, LOOK_LIMIT).await
    }
}

/// Names and columns of a table on the server, as statements need them.
struct Place {
    table: &'static Table,
    /// Quoted name.
    name: String,
    /// Sorting key.
    key: String,
    /// Quoted column of unknown fields.
    unknown: String,
    engine: String,
    /// Writable columns.
    columns: Vec<Live>,
}

#[derive(Debug, Clone, Row, Deserialize)]
struct Live {
    name: String,
    /// 1 if it is part of a key, so that its value identifies the row.
    in_key: u8,
}

impl Place {
    async fn of(store: &ClickHouse, table: &'static Table) -> Result<Place, StoreError> {
        let (database, text) = (
            quote::text(store.address().database()),
            quote::text(table.name),
        );
        let keys: Vec<(String, String)> = store
            .rows(&format!(
                "SELECT sorting_key, engine FROM system.tables WHERE database = {database} AND name = {text}"
            ))
            .await?;
        let columns: Vec<Live> = store
            .rows(&format!(
                "SELECT name, is_in_sorting_key OR is_in_partition_key AS in_key FROM system.columns \
                 WHERE database = {database} AND table = {text} AND default_kind IN ('', 'DEFAULT') ORDER BY position"
            ))
            .await?;
        let wrong = |why: &str| {
            let message = format!("table `{}` {why}", table.name);
            exception::failed(Fault::Destination, message)
        };
        let Some((key, engine)) = keys.into_iter().next() else {
            return Err(wrong("does not exist"));
        };
        let unknown = table
            .place_of(Holds::Unknown)
            .and_then(|at| table.columns.get(at));
        let Some(unknown) = unknown.filter(|u| columns.iter().any(|c| c.name == u.name)) else {
            return Err(wrong(
                "has no column for unknown fields; event-grpc migrate adds it",
            ));
        };
        if key.is_empty() {
            return Err(wrong(
                "has no sorting key, by which rows could be told apart",
            ));
        }
        Ok(Place {
            table,
            name: quote::table(store.address().database(), table.name),
            key,
            unknown: quote::identifier(unknown.name),
            engine,
            columns,
        })
    }

    /// Quoted column that holds this.
    fn column(&self, holds: Holds) -> Option<String> {
        let column = self.table.columns.get(self.table.place_of(holds)?)?;
        Some(quote::identifier(column.name))
    }
}
