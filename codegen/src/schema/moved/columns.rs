//! Columns that changed because a field did: told once, at the field.

use std::collections::BTreeMap;

use crate::base::names::{list, snake_case};
use crate::base::refusal::{Place, Refusal};
use crate::model::{ColumnSource, Model, Root};
use crate::rules::history::{COLUMN_GONE, COLUMN_TYPE, FIELD_GONE};
use crate::schema::lock::Lock;

/// Message and number of a field.
type Key = (String, u32);

/// The same refusals, those of columns that follow from a field told at the field.
pub(super) fn told_once(
    base: &Lock,
    now: &Lock,
    model: &Model,
    refused: Vec<Refusal>,
) -> Vec<Refusal> {
    let changed = changed(base, now);
    // Columns of fields that are gone, by the name that a wildcard gives them.
    let lost: Vec<String> = refused
        .iter()
        .filter(|one| one.code == FIELD_GONE.code)
        .filter_map(|one| lost(one, base))
        .map(|name| snake_case(&name))
        .collect();
    let mut optional: BTreeMap<Key, Vec<String>> = BTreeMap::new();
    let mut told = Vec::new();
    for one in refused {
        let key = match &one.place {
            Place::Column(table, column) if one.code == COLUMN_TYPE.code => {
                let key = field_of(model, table, column).filter(|key| changed.contains(key));
                key.map(|key| (key, format!("{column} of {table}")))
            }
            Place::Table(_) if one.code == COLUMN_GONE.code && is_lost(&one, &lost) => continue,
            _ => None,
        };
        match key {
            Some((key, column)) => optional.entry(key).or_default().push(column),
            None => told.push(one),
        }
    }
    let of_fields = optional.into_iter().filter_map(|((message, number), columns)| {
        let (before, after) = (
            base.fields.get(&(message.clone(), number))?,
            now.fields.get(&(message.clone(), number))?,
        );
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let help = match after.ty.strip_prefix("optional ") {
            Some(ty) if ty == before.ty => format!(
                "take `optional` away again, or let the expressions end in `| default(...)`, so that the columns keep their type: {}",
                list(&columns)
            ),
            _ => format!("write `{} {} = {number};` again; its columns: {}", before.ty, before.name, list(&columns)),
        };
        let was = before.ty.as_str();
        Some(Refusal {
            code: COLUMN_TYPE.code,
            message: format!(
                "field {number} of `{message}`, `{}`, was `{was}` and is now `{}`, which changes the type of columns",
                before.name, after.ty
            ),
            place: Place::Field(message, number),
            help,
        })
    });
    // A field whose type is refused in itself needs no second word on its columns.
    let of_fields: Vec<Refusal> = of_fields
        .filter(|one| !told.iter().any(|other| other.place == one.place))
        .collect();
    told.extend(of_fields);
    told
}

/// Fields whose type is another one.
fn changed(base: &Lock, now: &Lock) -> Vec<Key> {
    let differs = |key: &&Key| {
        let (before, after) = (base.fields.get(*key), now.fields.get(*key));
        before
            .zip(after)
            .is_some_and(|(before, after)| before != after)
    };
    base.fields.keys().filter(differs).cloned().collect()
}

/// Name of the field that a refusal is about, if it is gone.
fn lost(one: &Refusal, base: &Lock) -> Option<String> {
    let Place::Type(message) = &one.place else {
        return None;
    };
    let fields = base.fields.iter().filter(|((of, _), _)| of == message);
    let mut names = fields.map(|(_, field)| &field.name);
    names
        .find(|name| one.message.contains(&format!("`{name}`")))
        .cloned()
}

fn is_lost(one: &Refusal, lost: &[String]) -> bool {
    let starts = |name: &String| one.message.starts_with(&format!("column `{name}` of"));
    lost.iter().any(starts)
}

/// Field that a column is made of.
fn field_of(model: &Model, table: &str, column: &str) -> Option<Key> {
    let table = model.tables.iter().find(|t| t.name == table)?;
    let column = table.columns.iter().find(|c| c.name == column)?;
    let root = match &column.from {
        ColumnSource::Value(value) => &value.root,
        ColumnSource::ByType(values) => &values.values().next()?.root,
    };
    let (Root::Header(fields)
    | Root::Event(fields)
    | Root::PayloadField(fields)
    | Root::Body(fields)) = root
    else {
        return None;
    };
    let last = fields.last()?;
    Some((last.parent_message().full_name().to_owned(), last.number()))
}
