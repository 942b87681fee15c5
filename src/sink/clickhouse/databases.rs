//! Which database, on which server, each table is in.

use std::collections::BTreeMap;

use super::{Address, ClickHouse, ConnectError};
use crate::contract::{Database, Pipeline, Table};

/// The databases of a pipeline. One server is the main one; the databases of servers that aren't given are there.
#[derive(Clone)]
pub struct Databases {
    main: ClickHouse,
    others: Vec<Other>,
}

/// A database beside the usual one.
#[derive(Clone)]
struct Other {
    server: &'static str,
    given: bool,
    store: ClickHouse,
}

impl Databases {
    /// The databases of a pipeline, on these servers. Nothing is sent yet.
    pub fn new(
        main: ClickHouse,
        servers: &BTreeMap<String, Address>,
        pipeline: &Pipeline,
    ) -> Result<Self, ConnectError> {
        let mut connected: BTreeMap<&str, ClickHouse> = BTreeMap::new();
        let mut others = Vec::new();
        for database in pipeline.databases {
            let server = match (connected.get(database.server), servers.get(database.server)) {
                (Some(server), _) => Some(server.clone()),
                (None, Some(address)) => Some(ClickHouse::new(address.clone())?),
                (None, None) => None,
            };
            if let Some(server) = &server {
                connected.insert(database.server, server.clone());
            }
            others.push(Other {
                server: if server.is_some() {
                    database.server
                } else {
                    Database::MAIN
                },
                given: server.is_some() || database.server == Database::MAIN,
                store: server.as_ref().unwrap_or(&main).in_database(database),
            });
        }
        Ok(Databases { main, others })
    }

    /// The usual database, on the main server.
    pub fn main(&self) -> &ClickHouse {
        &self.main
    }

    /// The database that a table is in.
    pub fn of(&self, table: &Table) -> Option<&ClickHouse> {
        self.all().map(|(_, store)| store).find(|s| s.holds(table))
    }

    /// Every database with its server's name, the usual one first.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &ClickHouse)> {
        let others = self.others.iter().map(|other| (other.server, &other.store));
        std::iter::once((Database::MAIN, &self.main)).chain(others)
    }

    /// The databases that are on the main server because their own is not given: its name, and theirs.
    pub fn stand_ins(&self) -> BTreeMap<&'static str, Vec<&'static str>> {
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let databases = self.others.iter().filter(|other| !other.given);
        for database in databases.filter_map(|other| other.store.database) {
            found
                .entry(database.server)
                .or_default()
                .push(database.name);
        }
        found
    }
}
