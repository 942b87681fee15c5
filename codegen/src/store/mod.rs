//! The stores that tables are in: a folder for each, and what everything else may ask of them.
//!
//! Only [`dialect`] and [`KINDS`] know which stores there are. What a store is asked for is in [`Dialect`]; each folder
//! answers in files of the same names:
//!
//! | file | answers |
//! | --- | --- |
//! | `mod.rs` | the trait, mostly in one line each |
//! | `types.rs` | the types that columns have there |
//! | `layout.rs` | how values travel to it |
//! | `ddl.rs` | the SQL that makes a table, and how names and texts are quoted |
//! | `alter.rs` | the SQL that changes a table, and changes that are refused |
//! | `rust.rs` | what generated Rust says of a table |
//! | `catalogue.rs` | what the catalogue says of a table, with an example query |

mod change;
pub mod clickhouse;
mod column;
pub mod facts;
pub mod home;
mod layout;
pub mod postgres;
mod query;
mod rust;

pub use column::Column;
pub use facts::TableFacts;
pub use layout::Layout;
pub use rust::Rust;

use prost_reflect::MessageDescriptor;

use crate::base::refusal::Refusal;
use crate::model::{self, Model, Store, Table, Type};

/// A kind of store.
#[derive(Debug)]
pub struct Kind {
    /// Its name in declarations, in the names of queues, and below `migrations/`.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Whether its tables can be in several databases, each with migrations of its own.
    pub has_databases: bool,
    /// What the catalogue says once of all of its tables; empty for nothing.
    pub note: &'static str,
}

/// Every kind of store. Tables are in the first one unless they say otherwise.
pub const KINDS: [&Kind; 2] = [&clickhouse::KIND, &postgres::KIND];

/// What a store knows of a table that is in it.
pub trait Dialect {
    /// The kind of store.
    fn kind(&self) -> &'static Kind;

    /// The database that the table is in; none for the usual one.
    fn database(&self) -> Option<&str> {
        None
    }

    /// What else happens in the transaction that stores its rows, by name.
    fn hook(&self) -> Option<&str> {
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

    /// Statements that make the table of what it was `before`, without semicolons. What would lose or misread rows is
    /// refused.
    fn alter(&self, table: &Table, before: &TableFacts, refused: &mut Vec<Refusal>) -> Vec<String>;

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

/// The dialect of the store that a table is in.
pub fn dialect(table: &Table) -> &dyn Dialect {
    match &table.store {
        Store::ClickHouse(own) => own,
        Store::Postgres(own) => own,
    }
}
