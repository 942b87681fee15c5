//! The stores that tables are in: a folder for each, and what everything else may ask of them.
//!
//! Only this file knows which stores there are. What a store is asked while declarations are judged is in [`Declared`],
//! and what it is asked once they are right in [`Dialect`]; each folder answers in files of the same names:
//!
//! | file | answers |
//! | --- | --- |
//! | `declaration.rs` | what declarations of its tables say |
//! | `declared.rs` | what is asked of a declared table |
//! | `check.rs` | whether they keep the rules |
//! | `mod.rs` | the trait, mostly in one line each |
//! | `types.rs` | the types that columns have there; ClickHouse's are those of the model |
//! | `layout.rs` | how values travel to it |
//! | `ddl.rs` | the SQL that makes a table, and how names and texts are quoted |
//! | `alter.rs` | the SQL that changes a table, and changes that are refused |
//! | `rename.rs` | the SQL that gives a table or a column another name, and takes former ones away |
//! | `rust.rs` | what generated Rust says of a table |
//! | `catalogue.rs` | what the catalogue says of a table, with an example query |

mod change;
pub mod clickhouse;
mod column;
mod declared;
pub mod facts;
pub mod home;
mod layout;
pub mod postgres;
mod query;
mod rust;
pub(crate) mod typed;

pub use column::Column;
pub(crate) use declared::Declared;
pub use facts::TableFacts;
pub use layout::Layout;
pub use rust::Rust;

use prost_reflect::MessageDescriptor;

use crate::base::diagnostic::Diagnostics;
use crate::base::refusal::Refusal;
use crate::model::{self, Model, Store, StoreKind, Table, Type};
use crate::syntax::spec::{self, Spec, Stores, TableDefaults};

/// Reads what the declaration of a table says of its store.
type Read = fn(&spec::Table, &TableDefaults, &mut Diagnostics) -> Box<dyn Declared>;

/// The stores, and what reads the declarations of their tables.
const ALL: [(&StoreKind, Read); 2] = [
    (&clickhouse::KIND, clickhouse::read),
    (&postgres::KIND, postgres::read),
];

/// Every kind of store.
pub const KINDS: [&StoreKind; ALL.len()] = [ALL[0].0, ALL[1].0];

/// The stores as declarations know them.
pub(crate) const STORES: Stores = Stores {
    usual: &clickhouse::KIND,
    all: &KINDS,
};

/// What each table of a pipeline says of its store, in the order of the file.
pub(crate) fn declared(spec: &Spec, out: &mut Diagnostics) -> Vec<Box<dyn Declared>> {
    let declared = spec.tables.iter().map(|table| {
        let named = |(kind, _): &&(&StoreKind, Read)| kind.name == table.store.kind.name;
        let read = ALL.iter().find(named).map_or(ALL[0].1, |(_, read)| *read);
        read(table, &spec.table_defaults, out)
    });
    declared.collect()
}

/// What becomes of former names in a store, as clauses.
pub struct FormerNames {
    /// Of rows, by the former name of a column.
    pub column: &'static str,
    /// Of instances of the former build that store into a table.
    pub instances: &'static str,
}

/// Begins a statement that takes a former name away. Nothing is stored under it.
pub(crate) const FORMER_NAME: &str = "-- A former name, under which nothing is stored.";

/// Stands in statements of a migration for the time in its name, which isn't known where they are made.
pub(crate) const VERSION: &str = "@version@";

/// What a store knows of a table that is in it.
pub trait Dialect {
    /// The kind of store.
    fn kind(&self) -> &'static StoreKind;

    /// The database that the table is in; none for the usual one.
    fn database(&self) -> Option<&str> {
        None
    }

    /// What else happens in the transaction that stores its rows, by name.
    fn hook(&self) -> Option<&str> {
        None
    }

    /// Which of two rows with the same key stays, where the store doesn't tell it by its engine.
    fn conflict(&self) -> Option<String> {
        None
    }

    /// All columns: those of the rows, then those that are filled otherwise.
    fn columns<'a>(&'a self, table: &'a Table) -> Vec<Column<'a>>;

    /// A column's type exactly as the store itself shows it.
    fn shown_type(&self, ty: &Type) -> String;

    /// How a column's values are sent.
    fn layout(&self, table: &Table, column: &model::Column) -> Layout;

    /// What the lock remembers of the table.
    fn facts(&self, table: &Table) -> TableFacts;

    /// Statements that make the table, without semicolons.
    fn create(&self, table: &Table) -> Vec<String>;

    /// The table in its present form, as a single server has it.
    fn present(&self, table: &Table) -> String {
        self.create(table).join(";\n")
    }

    /// The columns that say which shard of a cluster holds a row; none for a table that isn't divided.
    fn shard_by(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Refuses what only a table that isn't there yet must not be.
    fn refuse_new(&self, table: &Table, refused: &mut Vec<Refusal>) {
        let _ = (table, refused);
    }

    /// Statements that make the table of what it was `before`, without semicolons. What would lose or misread rows is
    /// refused.
    fn alter(&self, table: &Table, before: &TableFacts, refused: &mut Vec<Refusal>) -> Vec<String>;

    /// Statement by which rows can be stored without a column that was of this type and is retired; none if they can
    /// anyway.
    fn without(&self, table: &Table, column: &str, was: &str) -> Option<String> {
        let _ = (table, column, was);
        None
    }

    /// Reason why a column that is there can't get another name; none if it can.
    fn keeps_name(&self, before: &TableFacts, column: &str) -> Option<String> {
        let _ = (before, column);
        None
    }

    /// What becomes of former names of its tables and columns.
    fn former_names(&self) -> &'static FormerNames;

    /// Statements that give the table, which was called `from`, its name, and let queries use the former one, and `others`
    /// of before.
    fn rename(
        &self,
        table: &Table,
        before: &TableFacts,
        from: &str,
        others: &[String],
    ) -> Vec<String>;

    /// Statements that give a column another name, and let queries use the former one where the store can.
    fn rename_column(&self, table: &Table, before: &TableFacts, names: (&str, &str))
    -> Vec<String>;

    /// Statements that drop a column with what is stored in it.
    fn drop_column(&self, table: &Table, column: &str) -> Vec<String> {
        vec![drop_statement(self.kind().name, &table.name, Some(column))]
    }

    /// What it costs to make the table anew, if that is what its declaration asks for.
    fn rebuild(&self, table: &Table, before: &TableFacts) -> Option<String> {
        let _ = (table, before);
        None
    }

    /// What generated Rust says of the table; `database` is what it calls the table's database, if that isn't the usual
    /// one.
    fn rust(&self, table: &Table, database: Option<&str>) -> Rust;

    /// Where and how the table keeps its rows, as sentences for the catalogue, without the last full stop.
    fn described(&self, model: &Model) -> String;

    /// A query that shows what is in the table.
    fn example(&self, table: &Table) -> String;

    /// A query for the latest events of one type in a table of every type; none if there is no good one.
    fn example_of_event(&self, table: &Table, event: &MessageDescriptor) -> Option<String> {
        let _ = (table, event);
        None
    }
}

/// The kind of store that a table of the lock is in.
pub(crate) fn store_of(facts: &TableFacts) -> &'static StoreKind {
    let named = KINDS.iter().find(|kind| kind.name == facts.engine);
    named.unwrap_or(&KINDS[0])
}

/// Statement that drops a table that isn't declared any more, or a column of one, in a kind of store.
pub(crate) fn drop_statement(store: &str, table: &str, column: Option<&str>) -> String {
    let quoted = match store == postgres::KIND.name {
        true => postgres::quoted,
        false => clickhouse::quoted,
    };
    match column {
        None => format!("DROP TABLE IF EXISTS {}", quoted(table)),
        Some(column) => format!(
            "ALTER TABLE {} DROP COLUMN IF EXISTS {}",
            quoted(table),
            quoted(column)
        ),
    }
}

/// Statement that takes the former name of a table away.
pub(crate) fn forget(store: &str, former: &str) -> String {
    match store == postgres::KIND.name {
        true => postgres::forget(former),
        false => clickhouse::forget(former),
    }
}

/// Statement that takes the former name of a column away, where it is one for queries.
pub(crate) fn forget_column(store: &str, table: &str, former: &str) -> Option<String> {
    (store == clickhouse::KIND.name).then(|| clickhouse::forget_column(table, former))
}

/// The statements of a table that queries know by former names as well, which hinder none of them.
pub(crate) fn beside_former(table: &Table, former: &[String], all: Vec<String>) -> Vec<String> {
    match &table.store {
        Store::ClickHouse(_) => all,
        Store::Postgres(_) => postgres::around_views(&table.name, former, all),
    }
}

/// The dialect of the store that a table is in.
pub fn dialect(table: &Table) -> &dyn Dialect {
    match &table.store {
        Store::ClickHouse(own) => own,
        Store::Postgres(own) => own,
    }
}
