//! What a declaration says of a table because of the store that it is in, and how the store judges it.

use std::fmt::Debug;

use super::typed::TypedTable;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Store, Type};
use crate::syntax::spec::TableDefaults;
use crate::syntax::yaml::Text;

/// What a declaration says of a table because of the store that it is in.
pub(crate) trait Declared: Debug {
    /// The database that the table is said to be in; none for the usual one.
    fn database(&self) -> Option<&Text> {
        None
    }

    /// True if a table of the store can be divided among the shards of a cluster.
    fn has_shards(&self) -> bool {
        false
    }

    /// The columns that its keys hold as they are.
    fn keys(&self) -> Vec<&Text>;

    /// Its partitions: its own, or those of the defaults if the table has their columns.
    fn partitions<'a>(
        &'a self,
        _defaults: &'a TableDefaults,
        _has: &dyn Fn(&str) -> bool,
    ) -> Option<&'a Text> {
        None
    }

    /// True if a text of few values is kept once, and each value as a place among them.
    fn has_dictionaries(&self) -> bool;

    /// A type of the store as it is properly written; none if it has no such type.
    fn read_type(&self, text: &str) -> Option<String>;

    /// What to say of a declared type that it doesn't have.
    fn unknown_type(&self, text: &Text) -> Diagnostic;

    /// The type of a column that holds values of `ty`, as declarations write it; none if there is none.
    fn type_of(&self, ty: &Type) -> Option<String>;

    /// The type of the column of what a build doesn't know, where the expression gives `ty`.
    fn type_of_unknown(&self, ty: Type) -> Type {
        ty
    }

    /// The type of a column of clients' names, where the expression gives `ty`.
    fn type_of_client(&self, ty: Type) -> Type {
        ty
    }

    /// Checks what only this store has rules for.
    fn check(&self, table: &TypedTable<'_>, out: &mut Diagnostics);

    /// The table's store in the model; none if something could not be read, which was reported.
    fn lower(&self, table: &TypedTable<'_>) -> Option<Store>;
}
