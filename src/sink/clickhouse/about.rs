//! What a ClickHouse server is: its version, its clock, its disks.

use super::ClickHouse;
use crate::sink::StoreError;

/// A server's version and clock.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, serde::Deserialize)]
pub struct About {
    /// Version.
    pub version: String,
    /// Its time, in milliseconds since the epoch.
    pub now_ms: i64,
}

/// A disk of a server.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, serde::Deserialize)]
pub struct Disk {
    /// Name.
    pub name: String,
    /// Free bytes.
    pub free: u64,
    /// All bytes.
    pub total: u64,
}

impl ClickHouse {
    /// Asks for the version and the time.
    ///
    /// # Errors
    ///
    /// If the server doesn't answer.
    pub async fn about(&self) -> Result<Option<About>, StoreError> {
        let sql = "SELECT version() AS version, toUnixTimestamp64Milli(now64(3)) AS now_ms";
        Ok(self.rows(sql).await?.pop())
    }

    /// Asks for the disks.
    ///
    /// # Errors
    ///
    /// If the server doesn't answer, or the account may not see them.
    pub async fn disks(&self) -> Result<Vec<Disk>, StoreError> {
        let sql = "SELECT name, free_space AS free, total_space AS total FROM system.disks WHERE total_space > 0";
        self.rows(sql).await
    }
}
