//! What the declaration of a PostgreSQL table says as written.

use super::check;
use super::types::PgType;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::suggest;
use crate::model::{HookColumn, Postgres, Store, Type};
use crate::rules::postgres::HOOK_COLUMN;
use crate::store::declared::Declared;
use crate::store::typed::TypedTable;
use crate::syntax::spec::{self, Column, Fields, TableDefaults, texts, wrong};
use crate::syntax::yaml::{Entry, Text, Value};

/// What the declaration of a PostgreSQL table says.
#[derive(Debug, Default)]
pub(super) struct Declaration {
    /// `unique: [COLUMN, ...]`.
    pub(super) unique: Vec<Text>,
    /// `on_conflict: keep` (none) or `on_conflict: { replace: COLUMN }`.
    pub(super) version: Option<Text>,
    /// `hook: NAME`.
    pub(super) hook: Option<Text>,
    /// `indexes: [COLUMN, [COLUMN, COLUMN]]`.
    pub(super) indexes: Vec<Vec<Text>>,
}

/// Reads it.
pub(in crate::store) fn read(
    table: &spec::Table,
    _: &TableDefaults,
    out: &mut Diagnostics,
) -> Box<dyn Declared> {
    let Some(entries) = &table.store.entries else {
        return Box::new(Declaration::default());
    };
    let what = format!("table `{}`", table.name.value);
    let fields = Fields::of(what, table.name.span, entries);
    let unique = fields.require("unique", out).map(|e| {
        let unique = texts("`unique`", &e.node, out);
        fields.filled("unique", unique.is_empty(), e, out);
        unique
    });
    let conflict = fields.require("on_conflict", out);
    let indexes = fields.get("indexes").map(|e| indexes(e, out));
    Box::new(Declaration {
        unique: unique.unwrap_or_default(),
        version: conflict.and_then(|e| version(e, out)),
        hook: fields.text("hook", out),
        indexes: indexes.unwrap_or_default(),
    })
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

    fn check(&self, table: &TypedTable<'_>, out: &mut Diagnostics) {
        check::check(self, table, out);
    }

    fn lower(&self, table: &TypedTable<'_>) -> Option<Store> {
        let names = |names: &[Text]| names.iter().map(|n| n.value.clone()).collect();
        let mut hook_columns = Vec::new();
        for column in &table.spec.columns {
            if let Column::Hook { name, ty, doc } = column {
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

/// The column of `{ replace: COLUMN }`; none for `keep`, or for what can't be read, which is reported.
fn version(entry: &Entry, out: &mut Diagnostics) -> Option<Text> {
    if let Value::Map(_) = entry.node.value {
        let what = "`on_conflict`";
        let fields = Fields::open(what, entry.key.span, &entry.node, &["replace"], out)?;
        fields.require("replace", out)?;
        return fields.text("replace", out);
    }
    match &entry.node.value {
        Value::Scalar(word) if word.value == "keep" => {}
        _ => out.push(wrong("`on_conflict`", "`keep`", &entry.node).help(
            "`keep` (the first row stays), or `{ replace: COLUMN }` (the greatest COLUMN stays)",
        )),
    }
    None
}

fn indexes(entry: &Entry, out: &mut Diagnostics) -> Vec<Vec<Text>> {
    match &entry.node.value {
        Value::List(items) => items.iter().map(|i| texts("an index", i, out)).collect(),
        _ => vec![texts("`indexes`", &entry.node, out)],
    }
}
