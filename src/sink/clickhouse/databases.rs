//! ClickHouse databases: the server and database of each table.

use std::collections::BTreeMap;

use super::{Address, ClickHouse, Cluster, ConnectError};
use crate::contract::{Database, Pipeline, Table};

/// Databases of a pipeline. The databases of servers that aren't configured are on the main server.
#[derive(Clone)]
pub struct Databases {
    main: ClickHouse,
    others: Vec<Other>,
    /// The clusters that some of them are spread over.
    clusters: Vec<Cluster>,
}

/// Database other than the default one.
#[derive(Clone)]
struct Other {
    server: &'static str,
    given: bool,
    store: ClickHouse,
}

impl Databases {
    /// Databases of a pipeline, on these servers. Nothing is sent yet.
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
        let all = std::iter::once(&main).chain(others.iter().map(|other| &other.store));
        let clusters = all
            .filter_map(|store| Cluster::of(store, pipeline))
            .collect();
        Ok(Databases {
            main,
            others,
            clusters,
        })
    }

    /// Default database, on the main server.
    pub fn main(&self) -> &ClickHouse {
        &self.main
    }

    /// Database of a table.
    pub fn of(&self, table: &Table) -> Option<&ClickHouse> {
        self.all().map(|(_, store)| store).find(|s| s.holds(table))
    }

    /// Cluster that a table is divided among.
    pub fn cluster_of(&self, table: &Table) -> Option<&Cluster> {
        self.clusters
            .iter()
            .find(|cluster| cluster.main().holds(table))
    }

    /// The clusters that databases are spread over.
    pub fn clusters(&self) -> &[Cluster] {
        &self.clusters
    }

    /// All databases with their servers' names, the default one first.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &ClickHouse)> {
        let others = self.others.iter().map(|other| (other.server, &other.store));
        std::iter::once((Database::MAIN, &self.main)).chain(others)
    }

    /// Databases that are on the main server because their own isn't configured, by its name.
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
