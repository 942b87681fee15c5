//! ClickHouse: tables of an engine, in the usual database or another one.

mod alter;
mod catalogue;
mod check;
mod cluster;
mod ddl;
mod declaration;
mod declared;
mod functions;
mod in_order;
mod indexes;
mod layout;
mod new;
mod rebuild;
mod rename;
mod rust;
mod sharding;

pub(super) use declared::read;
pub(super) use rename::{forget, forget_column};

use prost_reflect::MessageDescriptor;

use super::{Column, Dialect, FormerNames, Layout, Rust, TableFacts};
use crate::base::refusal::Refusal;
use crate::model::{self, ClickHouse, Model, StoreKind, Table, Type};

/// ClickHouse.
pub const KIND: StoreKind = StoreKind {
    name: "clickhouse",
    title: "ClickHouse",
    keys: &[
        "database",
        "engine",
        "partition_by",
        "order_by",
        "rebuilt_from",
        "shard_by",
        "indexes",
    ],
    without: &[],
    has_own_columns: false,
    migrations: "MIGRATIONS",
    has_databases: true,
    note: "",
};

/// A name as it is written in SQL.
pub(super) fn quoted(name: &str) -> String {
    ddl::name(name)
}

impl Dialect for ClickHouse {
    fn kind(&self) -> &'static StoreKind {
        &KIND
    }

    fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    fn columns<'a>(&'a self, table: &'a Table) -> Vec<Column<'a>> {
        let columns = table.columns.iter();
        columns
            .map(|column| Column::of_row(column, column.ty.to_string()))
            .collect()
    }

    fn shown_type(&self, ty: &Type) -> String {
        ty.to_string()
    }

    fn layout(&self, table: &Table, column: &model::Column) -> Layout {
        layout::of(table, column)
    }

    fn facts(&self, table: &Table) -> TableFacts {
        let columns = self.columns(table).into_iter();
        let [cluster, shards, shard_by] = cluster::facts(self);
        TableFacts {
            database: self.database.clone().unwrap_or_default(),
            engine: self.engine.clone(),
            partition_by: self.partition_by.clone(),
            order_by: self.order_by.join(", "),
            columns: columns.map(|c| (c.name.to_owned(), c.ty)).collect(),
            indexes: self.indexes.clone(),
            settings: ddl::settings(self).to_owned(),
            cluster,
            shards,
            shard_by,
        }
    }

    fn create(&self, table: &Table) -> Vec<String> {
        match self.divided() {
            None => vec![ddl::create(self, table)],
            Some(sharding) => cluster::create(self, sharding, table),
        }
    }

    fn present(&self, table: &Table) -> String {
        ddl::create(self, table)
    }

    fn refuse_new(&self, table: &Table, refused: &mut Vec<Refusal>) {
        refused.extend(new::without_client(self, table));
    }

    fn alter(&self, table: &Table, before: &TableFacts, refused: &mut Vec<Refusal>) -> Vec<String> {
        alter::alter(self, table, before, refused)
    }

    fn keeps_name(&self, before: &TableFacts, column: &str) -> Option<String> {
        rename::keeps_name(before, column)
    }

    fn former_names(&self) -> &'static FormerNames {
        &FormerNames {
            column: "stay; queries find it under both names, under the former one by an ALIAS column",
            instances: "store under the former name, which is an Alias table; on a server without those they hold rows back",
        }
    }

    fn rename(&self, table: &Table, _: &TableFacts, from: &str, others: &[String]) -> Vec<String> {
        rename::table(&table.name, from, others)
    }

    fn rename_column(
        &self,
        table: &Table,
        before: &TableFacts,
        names: (&str, &str),
    ) -> Vec<String> {
        let of = |name: &str| rename::column(name, before, names);
        match self.divided() {
            None => of(&table.name),
            Some(sharding) => cluster::both(sharding, &table.name, of),
        }
    }

    fn drop_column(&self, table: &Table, column: &str) -> Vec<String> {
        let of = |name: &str| vec![super::drop_statement(KIND.name, name, Some(column))];
        match self.divided() {
            None => of(&table.name),
            Some(sharding) => cluster::both(sharding, &table.name, of),
        }
    }

    fn rebuild(&self, table: &Table, before: &TableFacts) -> Option<String> {
        let anew = rebuild::is_meant(self, before).then(|| rebuild::cost(self, table));
        anew.or_else(|| cluster::cost(self, table, before))
    }

    fn shard_by(&self) -> Vec<&str> {
        let by = self.divided().map_or(&[][..], |sharding| &sharding.by);
        by.iter().map(|column| column.name.as_str()).collect()
    }

    fn rust(&self, table: &Table, database: Option<&str>) -> Rust {
        rust::of(self, table, database)
    }

    fn described(&self, model: &Model) -> String {
        catalogue::described(self, model)
    }

    fn example(&self, table: &Table) -> String {
        catalogue::example(self, table)
    }

    fn example_of_event(&self, table: &Table, event: &MessageDescriptor) -> Option<String> {
        catalogue::example_of_event(self, table, event)
    }
}
