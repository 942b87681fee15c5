//! Reprocess: fills in fields that this build knows of rows that an older one stored, table by table and in portions.

use std::collections::BTreeMap;

use prost_reflect::DescriptorPool;
use serde::Serialize;
use serde_json::Value;

use super::mini::{Made, Maker, Stored};
use super::{Listed, tables};
use crate::contract::{Block, Pipeline, Table};
use crate::sink::StoreError;
use crate::sink::clickhouse::Databases;
use crate::sink::clickhouse::unknown::{Item, Refill};
use crate::sink::postgres::Postgres;

/// Number of rows that are filled in together.
const PORTION: u64 = 500;

/// Number of sample rows of a table.
const SHOWN: usize = 3;

/// Maximum number of reasons that are counted separately.
const REASONS: usize = 100;

/// Reason under which the others are counted.
const OTHERS: &str = "other reasons";

/// Databases of the tables.
#[derive(Clone, Copy)]
pub struct Stores<'a> {
    /// The ClickHouse databases.
    pub clickhouse: Option<&'a Databases>,
    /// PostgreSQL.
    pub postgres: Option<&'a Postgres>,
}

impl Stores<'_> {
    /// Unknown fields of the rows of tables that `wanted` selects, of rows since a time in milliseconds.
    pub async fn list(
        &self,
        pipeline: &'static Pipeline,
        wanted: &dyn Fn(&Table) -> bool,
        since_ms: Option<i64>,
    ) -> Result<Vec<Listed>, ReprocessError> {
        let mut listed = Vec::new();
        for (table, fed) in tables(pipeline)
            .into_iter()
            .filter(|(table, _)| wanted(table))
        {
            let found = if let Some(store) = self.clickhouse.and_then(|all| all.of(table)) {
                store.unknown_fields(table, since_ms).await
            } else if let (Some(store), Some(_)) = (self.postgres, table.upsert()) {
                store.unknown_fields(table, since_ms).await
            } else {
                continue;
            };
            let found = found.map_err(|error| ReprocessError::Store(table.name, error))?;
            listed.extend(found.into_iter().map(|found| Listed {
                table: table.name,
                known: fed.knows(&found.pointer),
                event_type: found.event_type,
                pointer: found.pointer,
                rows: found.rows,
                first_ms: found.first_ms,
                last_ms: found.last_ms,
                example: found.example,
            }));
        }
        Ok(listed)
    }
}

/// Changes of one table, made or planned.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// The table.
    pub table: &'static str,
    /// Number of rows that change.
    pub rows: u64,
    /// Numbers of rows in which a known field is left unfilled, by reason.
    pub left: BTreeMap<String, u64>,
    /// Some rows that change.
    pub samples: Vec<Sample>,
}

/// Row that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// Key: columns and values.
    pub key: Vec<(String, String)>,
    /// Changed columns: name, before, after.
    pub changes: Vec<(String, String, String)>,
}

/// Error that ends the work.
#[derive(Debug, thiserror::Error)]
pub enum ReprocessError {
    /// The descriptors of the pipeline can't be read.
    #[error("the pipeline's descriptors can't be read: {0}")]
    Descriptors(#[from] prost_reflect::DescriptorError),
    /// A database failed.
    #[error("table `{0}`: {1}")]
    Store(&'static str, #[source] StoreError),
}

/// Fills in the rows of tables that `wanted` selects, in configured databases, of rows since a time in milliseconds;
/// without `apply` it only reports what would change.
pub async fn reprocess(
    stores: Stores<'_>,
    pipeline: &'static Pipeline,
    wanted: &dyn Fn(&Table) -> bool,
    since_ms: Option<i64>,
    apply: bool,
) -> Result<Vec<Plan>, ReprocessError> {
    let pool = DescriptorPool::decode(pipeline.descriptors)?;
    let mut plans = Vec::new();
    for (table, fed) in tables(pipeline)
        .into_iter()
        .filter(|(table, _)| wanted(table))
    {
        let work = Work {
            table,
            maker: Maker::new(pool.clone(), table, fed),
            plan: Plan {
                table: table.name,
                rows: 0,
                left: BTreeMap::new(),
                samples: Vec::new(),
            },
            apply,
        };
        let done = if let Some(store) = stores.clickhouse.and_then(|all| all.of(table)) {
            let refill = Refill::open(store, table, since_ms).await;
            match refill {
                Ok(refill) => work.clickhouse(refill).await,
                Err(error) => Err(error),
            }
        } else if let (Some(store), Some(_)) = (stores.postgres, table.upsert()) {
            work.postgres(store, since_ms).await
        } else {
            continue;
        };
        plans.push(done.map_err(|error| ReprocessError::Store(table.name, error))?);
    }
    Ok(plans)
}

/// Work on one table.
struct Work {
    table: &'static Table,
    maker: Maker,
    plan: Plan,
    apply: bool,
}

impl Work {
    async fn clickhouse(mut self, refill: Refill<'_>) -> Result<Plan, StoreError> {
        let done = self.partitions(&refill).await;
        let closed = refill.close().await;
        done.and(closed).map(|()| self.plan)
    }

    async fn partitions(&mut self, refill: &Refill<'_>) -> Result<(), StoreError> {
        for partition in refill.partitions().await? {
            let mut after = String::new();
            while let Some(last) = refill.last(&partition, &after, PORTION).await? {
                self.portion(refill, &partition, &after, &last).await?;
                after = last;
            }
        }
        Ok(())
    }

    async fn portion(
        &mut self,
        refill: &Refill<'_>,
        partition: &str,
        after: &str,
        last: &str,
    ) -> Result<(), StoreError> {
        let mut block = Block::new(self.table);
        let mut items = Vec::new();
        for (number, row) in (0..).zip(refill.rows(partition, after, last).await?) {
            let stored = Stored {
                unknown: row.unknown,
                event_type: row.event_type,
                payload: row.payload,
            };
            match self.maker.append(&mut block, &stored, number) {
                Made::Nothing => {}
                Made::Rows {
                    rest,
                    payload,
                    left,
                } => {
                    left.into_iter().for_each(|why| self.left(why, 1));
                    items.push(Item {
                        number,
                        row: row.row,
                        was: row.was,
                        rest,
                        payload,
                    });
                }
                Made::Left(why) => self.left(why, 1),
            }
        }
        if items.is_empty() {
            return Ok(());
        }
        refill.load(&block, &items).await?;
        let counts = refill.counts(partition).await?;
        self.plan.rows += counts.rows;
        self.left(
            "a value is part of the sorting key or the partition".to_owned(),
            counts.in_key,
        );
        self.left(
            "the payload, read and written again, isn't the same".to_owned(),
            counts.unlike,
        );
        self.left(
            "a column that it goes into has another value already".to_owned(),
            counts.taken,
        );
        let more = SHOWN - self.plan.samples.len().min(SHOWN);
        if more > 0 && counts.rows > 0 {
            let samples = refill.samples(partition, more).await?;
            self.plan
                .samples
                .extend(samples.iter().filter_map(|text| sample(text)));
        }
        if self.apply && counts.rows > 0 {
            refill.write(partition).await?;
        }
        refill.empty().await
    }

    fn left(&mut self, why: String, rows: u64) {
        if rows > 0 {
            let is_told = self.plan.left.len() < REASONS || self.plan.left.contains_key(&why);
            let why = if is_told { why } else { OTHERS.to_owned() };
            *self.plan.left.entry(why).or_default() += rows;
        }
    }

    async fn postgres(
        mut self,
        store: &Postgres,
        since_ms: Option<i64>,
    ) -> Result<Plan, StoreError> {
        let mut after: Option<Vec<String>> = None;
        loop {
            let rows = store
                .unknown_rows(self.table, since_ms, after.as_deref(), PORTION)
                .await?;
            let Some(last) = rows.last().map(|row| row.key.clone()) else {
                return Ok(self.plan);
            };
            for row in rows {
                let stored = Stored {
                    unknown: row.unknown.clone(),
                    ..Stored::default()
                };
                let mut block = Block::new(self.table);
                match self.maker.append(&mut block, &stored, 0) {
                    Made::Nothing => {}
                    Made::Left(why) => self.left(why, 1),
                    Made::Rows { rest, left, .. } => {
                        left.into_iter().for_each(|why| self.left(why, 1));
                        let filled = store.fill_unknown(&block, &row, &rest, self.apply).await?;
                        match filled {
                            Some(changes) => self.filled(row.key, changes),
                            None => {
                                let why = "a value is part of the key, a column that it goes into has another value \
                                           already, or the row has changed";
                                self.left(why.to_owned(), 1);
                            }
                        }
                    }
                }
            }
            after = Some(last);
        }
    }

    fn filled(&mut self, key: Vec<String>, changes: Vec<(String, String, String)>) {
        self.plan.rows += 1;
        if self.plan.samples.len() < SHOWN {
            let unique = self.table.upsert().map_or(&[][..], |upsert| upsert.unique);
            let names = unique.iter().filter_map(|at| self.table.columns.get(*at));
            let names = names.map(|column| column.name.to_owned());
            self.plan.samples.push(Sample {
                key: names.zip(key).collect(),
                changes,
            });
        }
    }
}

/// Parses a sample as the server writes it.
fn sample(text: &str) -> Option<Sample> {
    let Value::Array(parts) = serde_json::from_str(text).ok()? else {
        return None;
    };
    let [key, changes] = <[Value; 2]>::try_from(parts).ok()?;
    Some(Sample {
        key: serde_json::from_value(key).ok()?,
        changes: serde_json::from_value(changes).ok()?,
    })
}
