//! From what tables are to what they shall be: statements, and changes that are refused.

use std::collections::BTreeMap;

use super::contract::reserved;
use super::late;
use super::lock::{Field, Lock};
use super::moved;
use super::numbers;
use super::rename;
use crate::base::refusal::{Place, Refusal};
use crate::model::Model;
use crate::rules::history::{FIELD_GONE, FIELD_TYPE, TABLE_GONE};
use crate::store::dialect;
use crate::store::home::Home;

/// Changes of the tables of each database, from the base to the model; only of those with changes.
pub(crate) type Diffs = BTreeMap<Home, Diff>;

/// Changes of the tables of one database, from the base to the model.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Diff {
    /// SQL without semicolons, in order.
    pub(crate) statements: Vec<String>,
    /// Summary for a file name: `create_event`, `alter_purchase`.
    pub(crate) what: Vec<String>,
    /// What the statements cost, where that is much.
    pub(crate) costs: Vec<String>,
}

/// Compares; changes that are refused come in the order of the lock.
pub(crate) fn diff(base: &Lock, now: &Lock, model: &Model) -> (Diffs, Vec<Refusal>) {
    let renames = rename::of(base, now, model);
    let base: &Lock = &renames.base;
    let mut refused = Vec::new();
    fields(base, now, model, &mut refused);
    values(base, now, model, &mut refused);
    for name in base
        .tables
        .keys()
        .filter(|name| !now.tables.contains_key(*name))
        .filter(|name| model.retired(&format!("table {name}")).is_none())
    {
        refused.push(Refusal {
            code: TABLE_GONE.code,
            place: Place::Tables,
            message: format!("table `{name}` is gone from pipeline.yaml"),
            help: format!(
                "put it back, or retire it: `retired: [{{ table: {name}, since: DATE, why: ... }}]`; its rows stay"
            ),
        });
    }
    let mut diffs = Diffs::new();
    for table in &model.tables {
        let before = base.tables.get(&table.name).map(|table_before| {
            let mut before = table_before.clone();
            before.columns.retain(|(name, _)| {
                model
                    .retired(&format!("column {} {name}", table.name))
                    .is_none()
                    && !is_needless(base, now, &table.name, name)
            });
            before
        });
        let before = before.as_ref();
        let renamed = renames.statements(&table.name);
        let mut statements = match before {
            None => {
                // Before its first migration a project may still take over tables that are there already.
                if !base.tables.is_empty() {
                    dialect(table).refuse_new(table, &mut refused);
                }
                dialect(table).create(table)
            }
            Some(before) => dialect(table).alter(table, before, &mut refused),
        };
        statements = rename::views(base, model, &table.name, statements);
        statements.extend(renames.forgotten(&table.name));
        let is_renamed = !renamed.is_empty();
        statements.splice(0..0, renamed);
        if !statements.is_empty() {
            let cost = before.and_then(|before| dialect(table).rebuild(table, before));
            let what = match (before, &cost) {
                (None, _) => "create",
                (Some(_), None) if is_renamed => "rename",
                (Some(_), None) => "alter",
                (Some(_), Some(_)) => "rebuild",
            };
            let found = diffs.entry(Home::of(table)).or_default();
            found.costs.extend(cost);
            found.statements.extend(statements);
            found.what.push(format!("{what}_{}", table.name));
        }
    }
    (diffs, moved::told_once(base, now, model, refused))
}

/// True if a column held what was unknown in messages, and another column holds them whole now. It stays where it is, and
/// new rows have the default there.
fn is_needless(base: &Lock, now: &Lock, table: &str, column: &str) -> bool {
    let prefix = format!("expression {table} ");
    let key = format!("{prefix}{column}");
    let mut facts = now.contracts.range(prefix.clone()..);
    base.contracts
        .get(&key)
        .is_some_and(|from| from == "$unknown")
        && !now.contracts.contains_key(&key)
        && facts
            .by_ref()
            .take_while(|(key, _)| key.starts_with(&prefix))
            .any(|(_, from)| from == "body | json")
}

fn fields(base: &Lock, now: &Lock, model: &Model, refused: &mut Vec<Refusal>) {
    for ((message, number), before) in &base.fields {
        let key = (message.clone(), *number);
        let place = || format!("field {number} of `{message}`, `{}`,", before.name);
        let keep = format!(
            "put back `{} {} = {number};`; a field that is no longer sent can be marked `[deprecated = true]`",
            before.ty, before.name
        );
        let retire = format!(
            "retire it: `reserved {number}; reserved \"{}\";` in its message, if no app sends it any more",
            before.name
        );
        let Some(after) = now.fields.get(&key) else {
            // A number and a name that are reserved are the usual way to retire a field.
            let name = format!("reserved {message} {}", before.name);
            if reserved::number(message, (*number).into(), &now.contracts)
                && now.contracts.contains_key(&name)
            {
                continue;
            }
            // What is missing of a retired one is told of its entry.
            if late::of_field((message, *number), base, model).is_some() {
                continue;
            }
            let moved = now
                .fields
                .iter()
                .find(|((m, _), field)| m == message && field.name == before.name);
            refused.push(Refusal {
                code: FIELD_GONE.code,
                place: Place::Type(message.clone()),
                message: match moved {
                    Some(((_, to), _)) => format!("{} has become field {to}", place()),
                    None => format!("{} is gone", place()),
                },
                help: format!("{keep}, or {retire}"),
            });
            continue;
        };
        if after.name != before.name {
            let moved = |((m, _), field): &(&(String, u32), &Field)| {
                m == message && field.name == before.name
            };
            let told = match now.fields.iter().find(moved) {
                Some(((_, to), _)) => {
                    format!("has become field {to}, and `{}` has its number", after.name)
                }
                None => format!("is now called `{}`", after.name),
            };
            refused.push(Refusal {
                code: FIELD_GONE.code,
                place: Place::Field(message.clone(), *number),
                message: format!("{} {told}", place()),
                help: numbers::renumber((message, *number), before, after, base, now),
            });
        } else if !same_field(before, after) {
            refused.push(Refusal {
                code: FIELD_TYPE.code,
                place: Place::Field(message.clone(), *number),
                message: format!(
                    "{} was `{}` and is now `{}`",
                    place(),
                    shown(before),
                    shown(after)
                ),
                help: "leave its type as it was and add a field with a new number and name".into(),
            });
        }
    }
}

/// True if what was sent for one can be read as the other. An `optional` that is added changes nothing on the wire.
fn same_field(before: &Field, after: &Field) -> bool {
    let optional = after.ty.strip_prefix("optional ").unwrap_or(&after.ty);
    before.oneof == after.oneof && (before.ty == after.ty || before.ty == optional)
}

fn shown(field: &Field) -> String {
    match &field.oneof {
        Some(oneof) => format!("{} in {oneof}", field.ty),
        None => field.ty.clone(),
    }
}

/// True if an enum still has a name for a number, among others.
fn is_alias(model: &Model, of: &str, name: &str, number: i32) -> bool {
    let found = model.pool.get_enum_by_name(of);
    found.is_some_and(|names| {
        names
            .values()
            .any(|v| v.name() == name && v.number() == number)
    })
}

fn values(base: &Lock, now: &Lock, model: &Model, refused: &mut Vec<Refusal>) {
    for ((of, number), name) in &base.values {
        let name_reserved = format!("reserved {of} {name}");
        match now.values.get(&(of.clone(), *number)) {
            None if reserved::number(of, (*number).into(), &now.contracts)
                && now.contracts.contains_key(&name_reserved) => {}
            Some(after) if after == name => {}
            after => refused.push(Refusal {
                code: FIELD_GONE.code,
                place: Place::Type(of.clone()),
                message: match after {
                    Some(after) if is_alias(model, of, name, *number) => {
                        format!("value {number} of `{of}`, `{name}`, has become an alias of `{after}`")
                    }
                    Some(after) => {
                        format!("value {number} of `{of}`, `{name}`, is now called `{after}`")
                    }
                    None => format!("value {number} of `{of}`, `{name}`, is gone"),
                },
                help: match after {
                    Some(after) if is_alias(model, of, name, *number) => format!(
                        "declare `{name} = {number};` before `{after}`: of several names, tables hold the first"
                    ),
                    Some(after) => {
                        numbers::renumber_value((of, *number), name, after, base, now)
                    }
                    None => format!("put back `{name} = {number};`: tables hold its name"),
                },
            }),
        }
    }
}
