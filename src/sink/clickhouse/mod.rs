//! ClickHouse as a destination: inserts, migrations and health of the tables, over its HTTP interface.

mod about;
mod address;
mod clauses;
pub mod cluster;
mod compare;
mod connection;
mod databases;
pub mod dead_letters;
pub mod decisions;
pub mod engine;
mod engine_text;
mod engines;
mod exception;
mod find;
pub mod health;
mod insert;
mod live;
pub mod migrate;
pub mod parts;
pub mod quote;
mod schema;
mod statements;
pub mod unknown;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use bytes::Bytes;
use clickhouse::{Client, RowOwned, RowRead};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use clauses::Without;
use insert::Inserts;

use crate::contract::{Database, Migration, Pipeline, Sharding, Storage, Table};
use crate::sink::{Fault, Rows, Store, StoreError};
use crate::weight::{self, Budget};

pub use address::{Address, AddressError, Files};
pub use cluster::Cluster;
pub use compare::{Difference, Report};
pub use connection::ConnectError;
pub use databases::Databases;

/// Timeout of a query.
const QUESTION_LIMIT: Duration = Duration::from_secs(10);

/// Timeout of a statement that changes the schema.
const STATEMENT_LIMIT: Duration = Duration::from_secs(120);

/// Size up to which blocks are inserted without waiting for room, in bytes.
const SMALL: u64 = 1 << 20;

/// ClickHouse server and the database in it that holds the tables. Clones share their connections.
#[derive(Clone)]
pub struct ClickHouse {
    /// Names no database, so that it works before there is one.
    client: Client,
    /// Carries the settings that all inserts share.
    inserts: Inserts,
    /// Tables that must get no rows although they would accept them, as last seen, with the reason.
    shut: Arc<RwLock<BTreeMap<&'static str, String>>>,
    address: Address,
    /// Budget of blocks that are being inserted into the server.
    room: Budget,
    /// Database of the pipeline; none for the default one.
    database: Option<&'static Database>,
    /// True if what is stored goes into the table of a shard at this host.
    local: bool,
}

impl ClickHouse {
    /// Connects to a server at this address. Nothing is sent yet.
    pub fn new(address: Address) -> Result<Self, ConnectError> {
        let client = connection::client(&address)?;
        Ok(ClickHouse {
            inserts: Inserts::new(&client, &address, false),
            shut: Arc::default(),
            client,
            address,
            room: Budget::new(weight::INSERTS),
            database: None,
            local: false,
        })
    }

    /// The same server as a host of a cluster: blocks go into the table of its shard, and are answered once most replicas
    /// have them if `quorum`.
    fn local(self, quorum: bool) -> Self {
        ClickHouse {
            inserts: Inserts::new(&self.client, &self.address, quorum),
            local: true,
            ..self
        }
    }

    /// Name of the table that holds the rows of one of the pipeline here.
    fn stored(&self, table: &Table) -> Cow<'static, str> {
        match self.local {
            true => Cow::Owned(format!("{}{}", table.name, Sharding::LOCAL)),
            false => Cow::Borrowed(table.name),
        }
    }

    /// Another database of the pipeline on the same server, under the name that the pipeline gives it.
    #[must_use]
    pub fn in_database(&self, database: &'static Database) -> Self {
        ClickHouse {
            address: self.address.clone().with_database(database.name),
            database: Some(database),
            ..self.clone()
        }
    }

    /// True if a table is in this database.
    pub fn holds(&self, table: &Table) -> bool {
        match table.storage {
            Storage::ClickHouse(database) => database == self.database,
            Storage::Cluster(sharding) => sharding.database == self.database,
            Storage::Postgres(_) => false,
        }
    }

    /// Tables of this database.
    pub fn tables(&self, pipeline: &Pipeline) -> Vec<&'static Table> {
        let tables = pipeline.tables.iter().copied();
        tables.filter(|table| self.holds(table)).collect()
    }

    /// Migrations of this database.
    fn migrations(&self, pipeline: &Pipeline) -> &'static [Migration] {
        self.database.map_or(pipeline.migrations, |d| d.migrations)
    }

    /// Address of the server.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// All rows of a query. For small results only.
    pub async fn rows<T>(&self, sql: &str) -> Result<Vec<T>, StoreError>
    where
        T: RowOwned + RowRead,
    {
        self.rows_within(sql, QUESTION_LIMIT).await
    }

    /// All rows of a query that may take longer.
    async fn rows_within<T>(&self, sql: &str, limit: Duration) -> Result<Vec<T>, StoreError>
    where
        T: RowOwned + RowRead,
    {
        let answer = self.client.query_raw(sql).fetch_all::<T>();
        match tokio::time::timeout(limit, answer).await {
            Ok(rows) => rows.map_err(|error| exception::judge(&error)),
            Err(_) => Err(exception::judge(&clickhouse::error::Error::TimedOut)),
        }
    }

    /// Runs a statement without a result, in `database` or, without one, in none.
    pub async fn run(&self, database: Option<&str>, sql: &str) -> Result<(), StoreError> {
        self.run_within(database, sql, STATEMENT_LIMIT).await
    }

    /// Runs a statement that may take longer.
    async fn run_within(
        &self,
        database: Option<&str>,
        sql: &str,
        limit: Duration,
    ) -> Result<(), StoreError> {
        let client = match database {
            Some(database) => self.client.clone().with_database(database),
            None => self.client.clone(),
        };
        let answer = client.query_raw(sql).execute();
        match tokio::time::timeout(limit, answer).await {
            Ok(done) => done.map_err(|error| exception::judge(&error)),
            Err(_) => Err(exception::judge(&clickhouse::error::Error::TimedOut)),
        }
    }

    /// Runs a statement that creates or changes a table, without those of its settings that the server doesn't know: it
    /// may be older than they are.
    async fn shape(&self, database: &str, sql: &str) -> Result<(), StoreError> {
        self.shape_within(database, sql, STATEMENT_LIMIT).await
    }

    /// The same for one that may take longer.
    async fn shape_within(
        &self,
        database: &str,
        sql: &str,
        limit: Duration,
    ) -> Result<(), StoreError> {
        let mut statement = Cow::Borrowed(sql);
        loop {
            let Err(error) = self.run_within(Some(database), &statement, limit).await else {
                return Ok(());
            };
            let names = clauses::settings(&statement);
            let unknown = exception::unknown_setting(&error, names.into_iter());
            let Some(setting) = unknown.map(str::to_owned) else {
                return Err(error);
            };
            tracing::warn!(
                setting,
                server = %self.address,
                "This ClickHouse server doesn't know a setting of tables; it is left out."
            );
            statement = match clauses::without(&statement, &setting) {
                Without::Shorter(shorter) => Cow::Owned(shorter.into_owned()),
                Without::Nothing => return Ok(()),
                Without::Same => return Err(error),
            };
        }
    }

    async fn ask(&self, table: &'static Table) -> Result<(), StoreError> {
        let live = self
            .live(self.address.database(), &[table])
            .await
            .map_err(|error| self.unanswered(error))?;
        let misfits = schema::misfits(table, &live);
        if !misfits.is_empty() {
            return Err(self.misfit(table, &misfits.join("; ")));
        }
        let nothing = insert::empty_block(table);
        self.insert(table, || std::iter::once(nothing.clone()), None)
            .await
            .map_err(|error| self.unanswered(error))
    }

    fn misfit(&self, table: &Table, why: &str) -> StoreError {
        let name = quote::table(self.address.database(), &self.stored(table));
        exception::failed(Fault::Destination, format!("table {name} {why}"))
    }

    /// Fault of a query without an answer: nothing was stored, and the server is unavailable.
    fn unanswered(&self, error: StoreError) -> StoreError {
        match error {
            StoreError {
                fault,
                code: None,
                message,
                ..
            } if fault.may_pass() => exception::failed(Fault::Destination, message),
            error => error,
        }
    }
}

impl ClickHouse {
    /// Stores one encoded block, `rows` rows of `table`, as [`Store::store`] does.
    pub async fn store_block(
        &self,
        table: &'static Table,
        rows: usize,
        block: Bytes,
        token: &str,
    ) -> Result<(), StoreError> {
        match rows {
            0 => Ok(()),
            _ => {
                self.insert(table, || std::iter::once(block.clone()), Some(token))
                    .await
            }
        }
    }
}

impl Store for ClickHouse {
    fn store<'a>(
        &'a self,
        rows: Rows<'a>,
        token: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let Rows { block, .. } = rows;
        async move {
            match block.rows() {
                0 => Ok(()),
                _ => {
                    // Small blocks don't wait behind large ones: there are few of them, one or two a table.
                    let weight = block.weight() as u64;
                    let _under_way = match weight > SMALL {
                        true => Some(self.room.acquire(weight).await),
                        false => None,
                    };
                    self.insert(block.table(), || block.chunks(), Some(token))
                        .await
                }
            }
        }
        .boxed()
    }

    fn probe<'a>(&'a self, table: &'static Table) -> BoxFuture<'a, Result<(), StoreError>> {
        self.ask(table).boxed()
    }
}
