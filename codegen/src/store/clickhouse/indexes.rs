//! Indexes over columns by which rows are looked for: a bloom filter for each granule.
//!
//! They are beside the sorting key, and change neither what is stored nor what is found.

use super::ddl;
use super::declaration::Declaration;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::suggest;
use crate::model::{ClickHouse, Table, Type};
use crate::rules::keys::INDEX_COLUMN;
use crate::store::TableFacts;
use crate::store::typed::{TypedTable, repeated};

/// Checks the columns of `indexes`.
pub(super) fn check(own: &Declaration, table: &TypedTable<'_>, out: &mut Diagnostics) {
    repeated("`indexes`", &own.indexes, out);
    for text in &own.indexes {
        let name = &text.value;
        let Some(why) = misfit(own, table, name) else {
            continue;
        };
        let of = &table.spec.name.value;
        let message = format!("table `{of}` can't have an index over `{name}`");
        let found = Diagnostic::new(&INDEX_COLUMN, message).at(text.span, why);
        let column = table.column(name);
        let names = table.columns.iter().map(|c| c.column.name.as_str());
        out.push(match column {
            None => found.help(suggest(name, names, "columns")),
            Some(column) => found
                .and(Some(column.place), "the column")
                .help("name columns of texts or whole numbers that rows are looked for by; leave others out"),
        });
    }
}

/// Why an index over a column can't be, or would be of no use; none if it is.
fn misfit(own: &Declaration, table: &TypedTable<'_>, name: &str) -> Option<String> {
    let Some(column) = table.column(name) else {
        // A column that couldn't be resolved was reported.
        return (!table.may_have(name)).then(|| "is no column of the table".to_owned());
    };
    let first = own.order_by.first();
    if first.is_some_and(|key| key.value == name) {
        return Some("is the first of the sorting key, by which rows are found without it".into());
    }
    let ty = &column.column.ty;
    (!is_looked_for(ty)).then(|| format!("is {ty}"))
}

/// True for texts and whole numbers.
fn is_looked_for(ty: &Type) -> bool {
    match ty {
        Type::Nullable(of) | Type::LowCardinality(of) => is_looked_for(of),
        ty => matches!(
            ty,
            Type::String | Type::Int32 | Type::Int64 | Type::UInt32 | Type::UInt64
        ),
    }
}

/// The columns that a table has indexes for: its own, or those of the defaults that it has and that are of use.
pub(super) fn lower(own: &Declaration, table: &TypedTable<'_>) -> Vec<String> {
    let of_defaults = own.default_indexes.iter().filter(|text| {
        table.column(&text.value).is_some() && misfit(own, table, &text.value).is_none()
    });
    let named = own.indexes.iter().chain(of_defaults);
    let mut names: Vec<String> = named.map(|text| text.value.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// Statements that change the columns of a table, with those around them that change its indexes: one over a column whose
/// type changes is made anew, since ClickHouse changes no column that has one.
pub(super) fn around(
    own: &ClickHouse,
    target: &str,
    table: &Table,
    before: &TableFacts,
    columns: Vec<String>,
) -> Vec<String> {
    let is_retyped = |name: &String| {
        let was = before.columns.iter().find(|(known, _)| known == name);
        let is = table.columns.iter().find(|column| column.name == *name);
        let is = is.map(|column| column.ty.to_string());
        was.is_some_and(|(_, was)| is.is_some_and(|is| is != *was))
    };
    let stays = |name: &&String| own.indexes.contains(*name) && !is_retyped(name);
    let gone = before.indexes.iter().filter(|name| !stays(name));
    let new = own.indexes.iter();
    let new = new.filter(|name| !before.indexes.contains(*name) || is_retyped(name));
    let drops = gone.map(|name| ddl::drop_index(target, name));
    let adds = new.flat_map(|name| {
        [
            ddl::add_index(target, name),
            ddl::materialize_index(target, name),
        ]
    });
    drops.chain(columns).chain(adds).collect()
}
