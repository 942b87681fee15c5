//! PostgreSQL as a destination: upserts with hooks in one transaction, migrations and health of the tables.

mod about;
mod address;
mod address_tls;
mod connection;
mod find;
pub mod health;
pub mod hook;
mod hosts;
pub mod migrate;
mod parameters;
pub mod quote;
mod schema;
mod sqlstate;
mod tls;
pub mod unknown;
mod upsert;
mod values;

use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

use crate::contract::{Table, Upsert};
use crate::sink::{Fault, Rows, Store, StoreError};
use hook::{Hook, HookError, Hooks};
use upsert::Parameters;

pub use about::About;
pub use address::{Address, AddressError};
pub use connection::ConnectError;

/// Settings of every transaction, so that neither the server's defaults nor a role decide: timeouts of statements,
/// locks and idle transactions, and that a commit is on disk before it is answered.
const SETTINGS: &str = "SET LOCAL statement_timeout = '30s'; SET LOCAL lock_timeout = '10s'; \
                        SET LOCAL idle_in_transaction_session_timeout = '60s'; SET LOCAL synchronous_commit = on";

/// Timeout of a batch, with its hook.
const BATCH_LIMIT: Duration = Duration::from_secs(90);
/// Timeout of a query.
const QUESTION_LIMIT: Duration = Duration::from_secs(10);

/// PostgreSQL database that holds tables. Clones share their connections.
#[derive(Clone)]
pub struct Postgres {
    pool: Pool,
    address: Address,
    hooks: Hooks,
}

impl Postgres {
    /// Creates a database at this address, with the hooks of its tables. Nothing is sent yet.
    pub fn new(address: Address, hooks: Hooks) -> Result<Self, ConnectError> {
        Ok(Postgres {
            pool: connection::pool(&address)?,
            address,
            hooks,
        })
    }

    /// Address of the database.
    pub fn address(&self) -> &Address {
        &self.address
    }

    async fn write(&self, rows: Rows<'_>) -> Result<(), StoreError> {
        if rows.block.rows() == 0 {
            return Ok(());
        }
        let table = rows.block.table();
        let upsert = upsert_of(table)?;
        let statement = upsert::statement(table, upsert)?;
        let parameters = Parameters::of(rows.block, upsert)?;
        let hook = self.hook(upsert)?;
        let mut client = connection::get(self).await?;
        let transaction = store(&mut client, &statement, &parameters, hook, rows);
        let (outcome, leaves) = match tokio::time::timeout(BATCH_LIMIT, transaction).await {
            Ok(Ok(())) => (Ok(()), false),
            Ok(Err(HookError::Database(error))) => {
                let leaves = sqlstate::is_of_the_server(&error);
                (Err(judged(table, &error)), leaves)
            }
            Ok(Err(HookError::Refused(why))) => (Err(sqlstate::failed(Fault::Content, why)), false),
            Err(_) => (Err(late()), true),
        };
        if leaves {
            connection::leave(&self.pool, client);
        } else if matches!(&outcome, Err(error) if error.fault.may_pass()) {
            // The server may still be working on it: nothing else goes over this connection.
            drop(Object::take(client));
        }
        outcome
    }

    fn hook(&self, upsert: &Upsert) -> Result<Option<Hook>, StoreError> {
        let Some(name) = upsert.hook else {
            return Ok(None);
        };
        let missing = || {
            let message =
                format!("this build has no hook `{name}`; it must be registered in src/hooks");
            sqlstate::failed(Fault::Destination, message)
        };
        self.hooks.get(name).map(Some).ok_or_else(missing)
    }

    async fn ask(&self, table: &'static Table) -> Result<(), StoreError> {
        let live = self.columns(&[table], QUESTION_LIMIT).await?;
        let misfits = schema::misfits(table, &live);
        if !misfits.is_empty() {
            let message = format!("table {} {}", table.name, misfits.join("; "));
            return Err(sqlstate::failed(Fault::Destination, message));
        }
        let upsert = upsert_of(table)?;
        let statement = upsert::statement(table, upsert)?;
        let nothing = crate::contract::Block::new(table);
        let parameters = Parameters::of(&nothing, upsert)?;
        let mut client = connection::get(self).await?;
        let asked = async {
            let transaction = client.transaction().await?;
            transaction.batch_execute(SETTINGS).await?;
            transaction
                .execute_typed(&statement, &parameters.list())
                .await?;
            transaction.rollback().await
        };
        let (asked, leaves) = match tokio::time::timeout(QUESTION_LIMIT, asked).await {
            Ok(Ok(())) => (Ok(()), false),
            Ok(Err(error)) => {
                let leaves = sqlstate::is_of_the_server(&error);
                (Err(sqlstate::judge(&error)), leaves)
            }
            Err(_) => (Err(late()), true),
        };
        if leaves {
            connection::leave(&self.pool, client);
        }
        asked
    }
}

impl Store for Postgres {
    fn store<'a>(
        &'a self,
        rows: Rows<'a>,
        _token: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.write(rows).boxed()
    }

    fn probe<'a>(&'a self, table: &'static Table) -> BoxFuture<'a, Result<(), StoreError>> {
        self.ask(table).boxed()
    }
}

/// Runs one transaction: the rows, then the hook.
async fn store(
    client: &mut Client,
    statement: &str,
    parameters: &Parameters<'_>,
    hook: Option<Hook>,
    rows: Rows<'_>,
) -> Result<(), HookError> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(SETTINGS).await?;
    transaction
        .execute_typed(statement, &parameters.list())
        .await?;
    if let Some(hook) = hook {
        hook(&transaction, rows.messages).await?;
    }
    Ok(transaction.commit().await?)
}

/// Classifies an error. An unknown column that is NOT NULL refuses every row: that is no row's fault.
fn judged(table: &Table, error: &Error) -> StoreError {
    let judged = sqlstate::judge(error);
    let unknown = error.as_db_error().is_some_and(|db| {
        *db.code() == SqlState::NOT_NULL_VIOLATION
            && db.table() == Some(table.name)
            && db
                .column()
                .is_some_and(|column| table.columns.iter().all(|c| c.name != column))
    });
    match unknown {
        true => StoreError {
            fault: Fault::Destination,
            ..judged
        },
        false => judged,
    }
}

fn upsert_of(table: &Table) -> Result<&'static Upsert, StoreError> {
    table.upsert().ok_or_else(|| {
        let message = format!("table {} is not a PostgreSQL table", table.name);
        sqlstate::failed(Fault::Destination, message)
    })
}

fn late() -> StoreError {
    sqlstate::failed(
        Fault::Excess,
        String::from("PostgreSQL didn't answer in time"),
    )
}
