//! A declared PostgreSQL table: what is asked of it as of any other.

use super::check;
use super::declaration::{self, Declaration};
use super::types::PgType;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::suggest;
use crate::model::{HookColumn, Postgres, Store, Type};
use crate::rules::postgres::HOOK_COLUMN;
use crate::store::declared::Declared;
use crate::store::typed::TypedTable;
use crate::syntax::spec::{self, Column, TableDefaults};
use crate::syntax::yaml::Text;

/// Reads a declaration.
pub(in crate::store) fn read(
    table: &spec::Table,
    defaults: &TableDefaults,
    out: &mut Diagnostics,
) -> Box<dyn Declared> {
    Box::new(declaration::read(table, defaults, out))
}

impl Declared for Declaration {
    fn keys(&self) -> Vec<&Text> {
        let indexes = self.indexes.iter().flatten();
        self.unique.iter().chain(indexes).collect()
    }

    fn has_dictionaries(&self) -> bool {
        false
    }

    fn read_type(&self, text: &str) -> Option<String> {
        PgType::parse(text).map(|ty| ty.to_string())
    }

    fn unknown_type(&self, text: &Text) -> Diagnostic {
        let known = PgType::NAMES.iter().map(|(name, _)| *name);
        let message = format!("PostgreSQL columns have no type `{}` here", text.value);
        Diagnostic::new(&HOOK_COLUMN, message)
            .at(text.span, "unknown type")
            .help(suggest(&text.value, known, "types"))
    }

    fn type_of(&self, ty: &Type) -> Option<String> {
        PgType::of(ty).map(|ty| ty.to_string())
    }

    fn type_of_unknown(&self, _: Type) -> Type {
        // Rows that are there when the column is added have nothing in it.
        Type::Nullable(Box::new(Type::String))
    }

    fn type_of_client(&self, ty: Type) -> Type {
        // Of rows that are there when the column is added nobody knows who sent them.
        Type::Nullable(Box::new(ty))
    }

    fn check(&self, table: &TypedTable<'_>, out: &mut Diagnostics) {
        check::check(self, table, out);
    }

    fn lower(&self, table: &TypedTable<'_>) -> Option<Store> {
        let names = |names: &[Text]| names.iter().map(|n| n.value.clone()).collect();
        let mut hook_columns = Vec::new();
        for column in &table.spec.columns {
            if let Column::Hook { name, ty, doc, .. } = column {
                hook_columns.push(HookColumn {
                    name: name.value.clone(),
                    ty: self.read_type(&ty.as_ref()?.value)?,
                    doc: doc.clone(),
                });
            }
        }
        Some(Store::Postgres(Postgres {
            unique: names(&self.unique),
            version: self.version.as_ref().map(|v| v.value.clone()),
            hook: self.hook.as_ref().map(|h| h.value.clone()),
            indexes: self.indexes.iter().map(|i| names(i)).collect(),
            hook_columns,
        }))
    }
}
