//! Check of a table's engine: its name, its arguments, and the column of the version.

use super::sql;
use super::used::columns;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::nearest;
use crate::model::Type;
use crate::rules::keys::ENGINE;
use crate::rules::sql::{ENGINE_ARGUMENTS, VERSION_IN_KEY};
use crate::store::clickhouse::declaration::Declaration;
use crate::store::typed::TypedTable;
use crate::syntax::sql::{Form, Sql, column_names};
use crate::syntax::yaml::Text;

/// Engines, and whether they may name a path and a replica.
const ENGINES: [(&str, bool); 3] = [
    ("ReplacingMergeTree", false),
    ("ReplicatedReplacingMergeTree", true),
    ("SharedReplacingMergeTree", true),
];

/// Checks the engine.
pub(super) fn check(text: &Text, table: &TypedTable<'_>, out: &mut Diagnostics) {
    let name = text.value.split('(').next().unwrap_or_default().trim();
    let Some((_, replicated)) = ENGINES.iter().find(|(known, _)| *known == name) else {
        out.push(unknown(text, name));
        return;
    };
    let Some(parsed) = sql::syntax(text, out) else {
        return;
    };
    if let Form::Call(_, _, given) = &parsed.form {
        if !arguments(given, *replicated, text, out) {
            return;
        }
    } else if !matches!(parsed.form, Form::Name(_)) {
        let message = format!("`{}` is not an engine", text.value);
        let found = Diagnostic::new(&ENGINE_ARGUMENTS, message);
        out.push(
            found
                .at(text.span, "more than an engine")
                .help("`ReplacingMergeTree(COLUMN)`"),
        );
    } else {
        // Without parentheses the name of the engine would pass for a column.
        return;
    }
    for version in columns(text, table, out) {
        let fitting = matches!(
            version.column.column.ty,
            Type::UInt32 | Type::UInt64 | Type::DateTime | Type::Millis | Type::Micros
        );
        if !fitting {
            let message = format!(
                "`{}` can't be the version of a row",
                version.column.column.name
            );
            out.push(
                Diagnostic::new(&ENGINE, message)
                    .at(version.span, format!("is {}", version.column.column.ty))
                    .and(Some(version.column.place), "the column")
                    .help("an instant such as `$now`, or an unsigned number"),
            );
        }
    }
}

fn unknown(text: &Text, name: &str) -> Diagnostic {
    let place = text.part(0..name.len());
    let known: Vec<&str> = ENGINES.iter().map(|(name, _)| *name).collect();
    let kept = ["", "Replicated", "Shared"]
        .iter()
        .any(|prefix| name == format!("{prefix}MergeTree"));
    if kept || !name.ends_with("MergeTree") {
        let message = format!("engine `{name}` would keep every duplicate");
        let found = Diagnostic::new(&ENGINE, message).at(place, "not a ReplacingMergeTree");
        return found.help("ReplacingMergeTree(COLUMN) keeps one row for each sorting key");
    }
    let message = format!("engine `{name}` does not keep one row of each sorting key");
    let found = Diagnostic::new(&ENGINE, message).at(place, "not a ReplacingMergeTree");
    found.help(match nearest(name, &known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("engines: {}", known.join(", ")),
    })
}

/// True if an engine is given what it takes; what it isn't is reported.
fn arguments(given: &[Sql], replicated: bool, text: &Text, out: &mut Diagnostics) -> bool {
    let paths = given
        .iter()
        .take_while(|argument| matches!(argument.form, Form::Literal))
        .count();
    let fits = paths == 0 || (paths == 2 && replicated);
    let wrong = match given
        .get(if fits { paths } else { 0 }..)
        .unwrap_or_default()
    {
        [] => return true,
        [only] if matches!(only.form, Form::Name(_)) => return true,
        [only] => (only, "not a column"),
        [first, ..] if !matches!(first.form, Form::Name(_)) => (first, "not a column"),
        [_, second, ..] => (second, "one argument too many"),
    };
    let message = "the engine takes the column of the version and nothing else";
    out.push(
        Diagnostic::new(&ENGINE_ARGUMENTS, message)
            .at(text.part(wrong.0.range.clone()), wrong.1)
            .help("`ReplacingMergeTree(COLUMN)`"),
    );
    false
}

/// In a table of versions, reports a version that is a part of the key or of the partition.
pub(super) fn version_apart(own: &Declaration, table: &TypedTable<'_>, out: &mut Diagnostics) {
    let (Some(place), Some(engine)) = (table.spec.replaces, &own.engine) else {
        return;
    };
    let versions = columns(engine, table, &mut Diagnostics::default());
    let Some(version) = versions.first() else {
        return;
    };
    let name = version.column.column.name.as_str();
    let key = own.order_by.iter().map(|key| (key, "sorting key"));
    let partition = table.partition_by.map(|text| (text, "partition"));
    for (text, what) in key.chain(partition) {
        if column_names(&text.value).contains(&name) {
            let message = format!(
                "versions of one thing differ in `{name}`, so that none would replace another in this {what}"
            );
            out.push(
                Diagnostic::new(&VERSION_IN_KEY, message)
                    .at(text.span, format!("in the {what}"))
                    .and(Some(place), "rows replace each other")
                    .help(match what {
                        "partition" => "`partition_by: none`, or a column that the versions of a thing have in common",
                        _ => "leave it out: the engine names it",
                    }),
            );
        }
    }
}
