//! Refill of stored rows with fields that a later build knows: each row is written again, under the same sorting key
//! and a later version.
//!
//! Small rows from the transform go into a helper table, beside the portion of rows that they are for, and the server
//! combines each pair: where two small rows differ, the new value, otherwise the stored one.

mod parts;

use clickhouse::Row as ClickHouseRow;
use serde::Deserialize;
use uuid::Uuid;

use super::{ClickHouse, LOOK_LIMIT, Place};
use crate::contract::{Block, ColumnSpec, Holds, Table};
use crate::native::Layout;
use crate::sink::clickhouse::{exception, quote};
use crate::sink::{Fault, StoreError};

/// Prefix of helper tables; a suffix identifies the run.
const HELPER: &str = "event_grpc_reprocess_";

/// Settings under which a payload as text can be read back.
const TEXT: &str =
    "output_format_json_quote_64bit_integers = 0, output_format_json_quote_denormals = 1";

/// Columns of a portion: number, row, hash of its unknown fields, remaining unknown fields, and if its payload is
/// rebuilt.
static PORTION: &[ColumnSpec] = &[
    ColumnSpec::new("number", "UInt64", Layout::Fixed(8)),
    ColumnSpec::new("row", "String", Layout::Text),
    ColumnSpec::new("was", "UInt64", Layout::Fixed(8)),
    ColumnSpec::new("rest", "String", Layout::Text),
    ColumnSpec::new("payload", "Bool", Layout::Fixed(1)),
];

/// Stored row.
#[derive(Debug, Clone, ClickHouseRow, Deserialize)]
pub struct Row {
    /// Key of the row.
    pub row: String,
    /// Hash that tells if it has changed.
    pub was: u64,
    /// Column of unknown fields.
    pub unknown: String,
    /// Name of the event type, or empty.
    pub event_type: String,
    /// Payload as JSON, or empty.
    pub payload: String,
}

/// Row to be filled in. Its small rows have the numbers `2 * number` and `2 * number + 1`.
#[derive(Debug)]
pub struct Item {
    /// Number in the portion.
    pub number: u64,
    /// Key of the row.
    pub row: String,
    /// See [`Row::was`].
    pub was: u64,
    /// Remaining unknown fields.
    pub rest: String,
    /// True if its payload is rebuilt.
    pub payload: bool,
}

/// Numbers of rows of a portion that can and can't be filled in.
#[derive(Debug, Clone, Copy, Default, ClickHouseRow, Deserialize)]
pub struct Counts {
    /// Rows that can.
    pub rows: u64,
    /// Rows whose value is part of the sorting key or of the partition.
    pub in_key: u64,
    /// Rows whose payload changes when it is read and written again.
    pub unlike: u64,
    /// Those of which a column has another value already.
    pub taken: u64,
}

/// Table whose rows are filled in, portion by portion.
pub struct Refill<'a> {
    store: &'a ClickHouse,
    place: Place,
    since: String,
    minis: &'static Table,
    portion: &'static Table,
}

impl<'a> Refill<'a> {
    /// Creates the helper tables, which are in memory.
    pub async fn open(
        store: &'a ClickHouse,
        table: &'static Table,
        since_ms: Option<i64>,
    ) -> Result<Refill<'a>, StoreError> {
        let place = Place::of(store, table).await?;
        if !place.engine.contains("Replacing") {
            let message = format!(
                "table `{}` is a {}, whose rows don't replace each other",
                table.name, place.engine
            );
            return Err(exception::failed(Fault::Destination, message));
        }
        drop_old(store).await?;
        let run = Uuid::now_v7().simple().to_string();
        let at = place.column(Holds::Now);
        let since = match (at, since_ms) {
            (Some(at), Some(since)) => format!(" AND toUnixTimestamp64Milli({at}) >= {since}"),
            _ => String::new(),
        };
        let refill = Refill {
            store,
            since,
            minis: helper(table, format!("{HELPER}{run}_m"), table.columns),
            portion: helper(table, format!("{HELPER}{run}_p"), PORTION),
            place,
        };
        let (minis, portion) = (refill.helper(refill.minis), refill.helper(refill.portion));
        refill
            .run(&format!(
                "CREATE TABLE {minis} AS {} ENGINE = Memory",
                refill.place.name
            ))
            .await?;
        let columns: Vec<String> = PORTION
            .iter()
            .map(|c| format!("{} {}", c.name, c.ty))
            .collect();
        refill
            .run(&format!(
                "CREATE TABLE {portion} ({}) ENGINE = Memory",
                columns.join(", ")
            ))
            .await?;
        Ok(refill)
    }

    /// Drops the helper tables.
    pub async fn close(self) -> Result<(), StoreError> {
        for table in [self.minis, self.portion] {
            self.run(&format!("DROP TABLE IF EXISTS {} SYNC", self.helper(table)))
                .await?;
        }
        Ok(())
    }

    /// Partitions with rows that have unknown fields.
    pub async fn partitions(&self) -> Result<Vec<String>, StoreError> {
        let Place { name, unknown, .. } = &self.place;
        let since = &self.since;
        let sql = format!(
            "SELECT DISTINCT _partition_id AS id FROM {name} WHERE {unknown} != ''{since} ORDER BY id"
        );
        self.store.rows_within(&sql, LOOK_LIMIT).await
    }

    /// Last of the next `limit` rows of a partition that may have unknown fields; none if there are no more.
    pub async fn last(
        &self,
        partition: &str,
        after: &str,
        limit: u64,
    ) -> Result<Option<String>, StoreError> {
        let Place { name, key, .. } = &self.place;
        let sql = format!(
            "SELECT max(row) AS last FROM (SELECT {row} AS row FROM {name} WHERE {within} AND row > {after} \
             GROUP BY {key} ORDER BY row LIMIT {limit})",
            row = self.row(),
            within = self.within(partition),
            after = quote::text(after),
        );
        let last: Vec<String> = self.store.rows_within(&sql, LOOK_LIMIT).await?;
        Ok(last.into_iter().next().filter(|last| !last.is_empty()))
    }

    /// Rows between these that have unknown fields.
    pub async fn rows(
        &self,
        partition: &str,
        after: &str,
        last: &str,
    ) -> Result<Vec<Row>, StoreError> {
        let Place {
            name, key, unknown, ..
        } = &self.place;
        let (within, row) = (self.within(partition), self.row());
        let text = |holds| {
            self.place
                .column(holds)
                .map_or("''".to_owned(), |c| format!("toString({c})"))
        };
        let between = format!(
            "{row} > {} AND {row} <= {}",
            quote::text(after),
            quote::text(last)
        );
        let sql = format!(
            "SELECT {row} AS row, sipHash64({unknown}) AS was, {unknown} AS unknown, {} AS event_type, \
             {} AS payload FROM {name} FINAL WHERE {within} AND {between} AND tuple({key}) IN \
             (SELECT tuple({key}) FROM {name} WHERE {within} AND {between}) SETTINGS {TEXT}",
            text(Holds::Type),
            text(Holds::Payload),
        );
        self.store.rows_within(&sql, LOOK_LIMIT).await
    }

    /// Loads a portion: its rows and their small rows.
    pub async fn load(&self, minis: &Block, items: &[Item]) -> Result<(), StoreError> {
        let mut portion = Block::new(self.portion);
        let filled = fill(&mut portion, items);
        filled.map_err(|bad| exception::failed(Fault::Content, bad.to_string()))?;
        for (table, block) in [(self.minis, minis), (self.portion, &portion)] {
            let token = Uuid::now_v7().simple().to_string();
            let rows = block.rows();
            self.store
                .store_block(table, rows, block.encode(), &token)
                .await?;
        }
        Ok(())
    }

    /// Empties the helper tables.
    pub async fn empty(&self) -> Result<(), StoreError> {
        for table in [self.minis, self.portion] {
            self.run(&format!("TRUNCATE TABLE {}", self.helper(table)))
                .await?;
        }
        Ok(())
    }

    /// Numbers of rows of the portion that can be filled in.
    pub async fn counts(&self, partition: &str) -> Result<Counts, StoreError> {
        let sql = format!(
            "SELECT countIf(NOT of_key AND NOT differs AND NOT is_taken) AS rows, countIf(of_key) AS in_key, \
             countIf(NOT of_key AND differs) AS unlike, countIf(NOT of_key AND NOT differs AND is_taken) AS taken \
             FROM (SELECT {} AS of_key, {} AS differs, {} AS is_taken FROM {}) SETTINGS {TEXT}",
            self.in_key(),
            self.unlike(),
            self.taken(),
            self.joined(partition),
        );
        let counts: Vec<Counts> = self.store.rows_within(&sql, LOOK_LIMIT).await?;
        Ok(counts.first().copied().unwrap_or_default())
    }

    /// Some rows of the portion, as JSON: the columns of the sorting key, and each change before and after.
    pub async fn samples(&self, partition: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        let mut changes = Vec::new();
        let mut keys = Vec::new();
        for (at, column) in self.place.columns.iter().enumerate() {
            let name = quote::text(&column.name);
            let text = |value: &str| format!("ifNull(toString({value}), 'NULL')");
            let before = text(&format!("t{at}"));
            if column.in_key > 0 {
                keys.push(format!("({name}, {before})"));
            } else if self.holds(&column.name) != Some(Holds::Now) {
                let after = text(&self.value(at, &column.name));
                changes.push(format!("({name}, {before}, {after})"));
            }
        }
        let sql = format!(
            "SELECT toJSONString(([{}], arrayFilter(c -> c.2 != c.3, [{}]))) FROM {} \
             WHERE {} LIMIT {limit} SETTINGS {TEXT}",
            keys.join(", "),
            changes.join(", "),
            self.joined(partition),
            self.fits(),
        );
        self.store.rows_within(&sql, LOOK_LIMIT).await
    }

    /// Writes the rows of the portion that can be filled in, unless they have changed.
    pub async fn write(&self, partition: &str) -> Result<(), StoreError> {
        let all = self.place.columns.iter().enumerate();
        let names: Vec<String> = all
            .clone()
            .map(|(_, c)| quote::identifier(&c.name))
            .collect();
        let values: Vec<String> = all.map(|(at, c)| self.value(at, &c.name)).collect();
        self.run(&format!(
            "INSERT INTO {} ({}) SELECT {} FROM {} WHERE {} \
             SETTINGS insert_deduplicate = 0, {TEXT}",
            self.place.name,
            names.join(", "),
            values.join(", "),
            self.joined(partition),
            self.fits(),
        ))
        .await
    }

    async fn run(&self, sql: &str) -> Result<(), StoreError> {
        self.store
            .run(Some(self.store.address().database()), sql)
            .await
    }

    pub(super) fn helper(&self, table: &Table) -> String {
        quote::table(self.store.address().database(), table.name)
    }
}

/// Helper table of one run. Its name lives as long as the process, which does nothing else.
fn helper(table: &Table, name: String, columns: &'static [ColumnSpec]) -> &'static Table {
    Box::leak(Box::new(Table {
        name: Box::leak(name.into_boxed_str()),
        storage: table.storage,
        columns,
        append: table.append,
        ddl: "",
    }))
}

fn fill(portion: &mut Block, items: &[Item]) -> Result<(), crate::row_error::Bad> {
    let [number, row, was, rest, payload] = portion.columns()?;
    for item in items {
        number.u64(item.number)?;
        row.text(&item.row)?;
        was.u64(item.was)?;
        rest.text(&item.rest)?;
        payload.bool(item.payload)?;
    }
    portion.grew(items.len());
    Ok(())
}

/// Drops helper tables that an interrupted run left behind.
async fn drop_old(store: &ClickHouse) -> Result<(), StoreError> {
    let database = store.address().database();
    let old: Vec<String> = store
        .rows(&format!(
            "SELECT name FROM system.tables WHERE database = {} AND startsWith(name, '{HELPER}') \
             AND engine = 'Memory' AND metadata_modification_time < now() - INTERVAL 1 DAY",
            quote::text(database)
        ))
        .await?;
    for name in old {
        let table = quote::table(database, &name);
        store
            .run(None, &format!("DROP TABLE IF EXISTS {table} SYNC"))
            .await?;
    }
    Ok(())
}
