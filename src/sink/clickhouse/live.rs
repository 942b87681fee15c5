//! Live schema: tables as they are on the server, and which of them must get no rows.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use clickhouse::Row;
use serde::Deserialize;

use super::insert::FOREGROUND;
use super::{ClickHouse, clauses, engines, quote};
use crate::contract::Table;
use crate::sink::StoreError;

/// Tables and columns of a database.
#[derive(Debug, Default)]
pub(super) struct Live {
    pub(super) tables: Vec<LiveTable>,
    /// Columns, table by table and in their order.
    pub(super) columns: Vec<LiveColumn>,
    /// Engines of the local tables behind Distributed and Alias ones.
    behind: BTreeMap<String, String>,
    /// True if the server can store rows in a Distributed table's shards before it answers.
    foreground: bool,
}

/// Table as the server describes it.
#[derive(Debug, Clone, Row, Deserialize)]
pub(super) struct LiveTable {
    pub(super) name: String,
    pub(super) engine: String,
    pub(super) engine_full: String,
    pub(super) partition_key: String,
    pub(super) sorting_key: String,
    pub(super) primary_key: String,
}

/// Column of a table as it is on the server.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub(super) struct LiveColumn {
    pub(super) table: String,
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) ty: String,
    pub(super) default_kind: String,
    pub(super) default_expression: String,
}

impl Live {
    /// Table and its columns, if it exists.
    pub(super) fn table(&self, name: &str) -> Option<(&LiveTable, Vec<&LiveColumn>)> {
        let table = self.tables.iter().find(|t| t.name == name)?;
        let columns = self.columns.iter().filter(|c| c.table == name);
        Some((table, columns.collect()))
    }

    /// Reason why the engine of a table can't be used, to follow the table's name; none if it can, or if there is no
    /// such table.
    pub(super) fn engine_misfit(&self, table: &Table) -> Option<String> {
        let (live, _) = self.table(table.name)?;
        let wanted = clauses::engine(table.ddl);
        if engines::is_distributed(&live.engine) && self.foreground {
            let behind = self.behind.get(table.name)?;
            let why = engines::misfit(behind, wanted)?;
            return Some(format!("is a Distributed table over one that {why}"));
        }
        if engines::is_alias(&live.engine) {
            let why = engines::misfit(self.behind.get(table.name)?, wanted)?;
            return Some(format!("is an Alias table of one that {why}"));
        }
        engines::misfit(&live.engine, wanted)
    }
}

impl ClickHouse {
    /// Reads the live schema of some tables. Tables of this database that must get no rows are remembered.
    pub(super) async fn live(
        &self,
        database: &str,
        tables: &[&'static Table],
    ) -> Result<Live, StoreError> {
        let name = quote::text(database);
        let own = database == self.address.database();
        let stored = tables.iter().map(|table| match own {
            true => self.stored(table),
            false => table.name.into(),
        });
        let stored: Vec<_> = stored.collect();
        let names = quote::texts(stored.iter().map(AsRef::as_ref));
        let mut columns: Vec<LiveColumn> = self
            .rows(&format!(
                "SELECT table, name, type, default_kind, default_expression FROM system.columns \
                 WHERE database = {name} AND table IN {names} ORDER BY table, position"
            ))
            .await?;
        let mut there: Vec<LiveTable> = self
            .rows(&format!(
                "SELECT name, engine, engine_full, partition_key, sorting_key, primary_key FROM system.tables \
                 WHERE database = {name} AND name IN {names}"
            ))
            .await?;
        // They are told by the names that the pipeline has for them.
        let names = columns.iter_mut().map(|column| &mut column.table);
        for name in names.chain(there.iter_mut().map(|table| &mut table.name)) {
            let place = stored.iter().position(|stored| stored == name);
            if let Some(table) = place.and_then(|at| tables.get(at)) {
                table.name.clone_into(name);
            }
        }
        let live = Live {
            behind: self.behind(database, &there).await?,
            foreground: !self.inserts.leave_out(FOREGROUND),
            tables: there,
            columns,
        };
        if database == self.address.database() {
            self.remember(tables, &live);
        }
        Ok(live)
    }

    /// Engines of the tables behind Distributed and Alias ones, if they are on this server.
    async fn behind(
        &self,
        database: &str,
        tables: &[LiveTable],
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let mut found = BTreeMap::new();
        for table in tables {
            let of_alias = engines::alias_of(&table.engine_full)
                .map(|(of, name)| (of.unwrap_or_else(|| database.to_owned()), name));
            let of_shards = || engines::behind(&table.engine_full);
            let Some((database, name)) = of_alias.or_else(of_shards) else {
                continue;
            };
            let (database, name) = (quote::text(&database), quote::text(&name));
            let engine = self
                .rows::<String>(&format!(
                    "SELECT engine FROM system.tables WHERE database = {database} AND name = {name}"
                ))
                .await?;
            let engine = engine.into_iter().next();
            found.extend(engine.map(|engine| (table.name.clone(), engine)));
        }
        Ok(found)
    }

    fn remember(&self, tables: &[&'static Table], live: &Live) {
        let mut shut = self.shut.write().unwrap_or_else(PoisonError::into_inner);
        for table in tables {
            match live.engine_misfit(table) {
                Some(why) => drop(shut.insert(table.name, why)),
                None => drop(shut.remove(table.name)),
            }
        }
    }

    /// Reason why a table must get no rows although it would accept them, as last seen.
    pub(super) fn shut(&self, table: &Table) -> Option<String> {
        let shut = self.shut.read().unwrap_or_else(PoisonError::into_inner);
        shut.get(table.name).cloned()
    }
}
