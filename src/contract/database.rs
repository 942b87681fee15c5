//! A ClickHouse database beside the usual one, with migrations of its own.

use super::migration::Migration;

/// A ClickHouse database beside the usual one.
#[derive(Debug)]
pub struct Database {
    /// Its name, in `pipeline.yaml` and on its server.
    pub name: &'static str,
    /// The server that it is on, by its name in `pipeline.yaml`; [`Database::MAIN`] is the one of the usual database.
    pub server: &'static str,
    /// Its migrations, in the order in which they apply.
    pub migrations: &'static [Migration],
}

/// Names are unique.
impl PartialEq for Database {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Database {}

impl Database {
    /// The name of the server that the usual database is on.
    pub const MAIN: &'static str = "main";
}
