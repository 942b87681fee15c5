//! What a PostgreSQL server is: its version, its clock, and whether it takes writes.

use tokio::time::timeout;

use super::{Postgres, QUESTION_LIMIT, connection, late, sqlstate};
use crate::sink::StoreError;

/// A server, as it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Version.
    pub version: String,
    /// Its time, in milliseconds since the epoch.
    pub now_ms: i64,
    /// True if it follows another server and takes no writes.
    pub in_recovery: bool,
}

impl Postgres {
    /// Asks for all of it.
    ///
    /// # Errors
    ///
    /// If the server doesn't answer.
    pub async fn about(&self) -> Result<About, StoreError> {
        let client = connection::get(self).await?;
        let sql = "SELECT current_setting('server_version'), \
                   (extract(epoch FROM clock_timestamp()) * 1000)::int8, pg_is_in_recovery()";
        let asked = timeout(QUESTION_LIMIT, client.query_one(sql, &[])).await;
        let row = asked
            .map_err(|_| late())?
            .map_err(|error| sqlstate::judge(&error))?;
        let read = |error| sqlstate::judge(&error);
        Ok(About {
            version: row.try_get(0).map_err(read)?,
            now_ms: row.try_get(1).map_err(read)?,
            in_recovery: row.try_get(2).map_err(read)?,
        })
    }
}
