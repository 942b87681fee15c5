//! PostgreSQL: tables of one row for each unique key, with hooks in the transaction that stores them.

mod alter;
mod catalogue;
mod check;
mod ddl;
mod declaration;
mod declared;
mod layout;
mod rename;
mod rust;
mod types;

pub(super) use declared::read;
pub(super) use rename::{around_views, forget};

use super::{Column, Dialect, FormerNames, Layout, Rust, TableFacts};
use crate::base::refusal::Refusal;
use crate::model::{self, Model, Postgres, StoreKind, Table, Type};

/// PostgreSQL.
pub const KIND: StoreKind = StoreKind {
    name: "postgres",
    title: "PostgreSQL",
    keys: &["unique", "on_conflict", "hook", "indexes"],
    without: &["dead_letters", "replaces"],
    has_own_columns: true,
    migrations: "POSTGRES_MIGRATIONS",
    has_databases: false,
    note: "Tables in PostgreSQL say so. They hold each row once, and know no `FINAL`.",
};

/// A name as it is written in SQL.
pub(super) fn quoted(name: &str) -> String {
    ddl::name(name)
}

impl Dialect for Postgres {
    fn kind(&self) -> &'static StoreKind {
        &KIND
    }

    fn hook(&self) -> Option<&str> {
        self.hook.as_deref()
    }

    fn conflict(&self) -> Option<String> {
        let version = self.version.as_ref();
        Some(version.map_or("keep".to_owned(), |column| format!("replace {column}")))
    }

    fn columns<'a>(&'a self, table: &'a Table) -> Vec<Column<'a>> {
        let of_rows = table.columns.iter();
        let of_rows = of_rows.map(|column| Column::of_row(column, types::written(&column.ty)));
        let of_hooks = self.hook_columns.iter().map(|column| Column {
            name: &column.name,
            ty: column.ty.clone(),
            comment: &column.doc,
            row: None,
        });
        of_rows.chain(of_hooks).collect()
    }

    fn shown_type(&self, ty: &Type) -> String {
        types::shown(ty)
    }

    fn layout(&self, _: &Table, column: &model::Column) -> Layout {
        layout::of(&column.ty)
    }

    fn facts(&self, table: &Table) -> TableFacts {
        let columns = self.columns(table).into_iter();
        let mut indexes: Vec<String> = self.indexes.iter().map(|i| i.join(", ")).collect();
        indexes.sort();
        indexes.dedup();
        TableFacts {
            engine: KIND.name.to_owned(),
            order_by: self.unique.join(", "),
            columns: columns.map(|c| (c.name.to_owned(), c.ty)).collect(),
            indexes,
            ..TableFacts::default()
        }
    }

    fn create(&self, table: &Table) -> Vec<String> {
        ddl::create(self, table)
    }

    fn alter(&self, table: &Table, before: &TableFacts, refused: &mut Vec<Refusal>) -> Vec<String> {
        alter::alter(self, table, before, refused)
    }

    fn without(&self, table: &Table, column: &str, was: &str) -> Option<String> {
        alter::without(table, column, was)
    }

    fn former_names(&self) -> &'static FormerNames {
        &FormerNames {
            column: "stay; queries by the former name fail, views go on",
            instances: "store by a view under the former name",
        }
    }

    fn rename(&self, table: &Table, before: &TableFacts, from: &str, _: &[String]) -> Vec<String> {
        rename::table(&table.name, before, from)
    }

    fn rename_column(
        &self,
        table: &Table,
        before: &TableFacts,
        names: (&str, &str),
    ) -> Vec<String> {
        rename::column(&table.name, before, names)
    }

    fn rust(&self, table: &Table, _: Option<&str>) -> Rust {
        rust::of(self, table)
    }

    fn described(&self, _: &Model) -> String {
        catalogue::described(self)
    }

    fn example(&self, table: &Table) -> String {
        catalogue::example(table)
    }
}
