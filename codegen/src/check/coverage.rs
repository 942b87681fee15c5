//! Checks of completeness: a field that is sent is stored, or somebody said that it is not.

use std::collections::BTreeSet;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::{list, snake_case};
use crate::model::Input;
use crate::model::types;
use crate::resolve::typing::{self, Scope};
use crate::resolve::{Resolved, Table};
use crate::rules::columns::{EXPRESSION_SYNTAX, MISPLACED_ROOT};
use crate::rules::coverage::{UNCOVERED_FIELD, USELESS_IGNORE};
use crate::syntax::spec::Column;
use crate::syntax::yaml::Text;

/// A path from a root down.
type Path = Vec<String>;

/// Checks that no field is left out by accident.
pub(super) fn check(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    for table in &resolved.tables {
        let Some(scope) = resolved.scope(table) else {
            continue;
        };
        let ignored: Vec<(Path, &Text)> = table
            .spec
            .ignore
            .iter()
            .filter_map(|text| Some((ignore(text, &scope, out)?, text)))
            .collect();
        // If an expression could not be parsed, its fields are unknown.
        if table.complete && ignored.len() == table.spec.ignore.len() {
            covered(table, &scope, &ignored, out);
        }
    }
}

/// The path that an entry of `ignore` names.
fn ignore(text: &Text, scope: &Scope<'_>, out: &mut Diagnostics) -> Option<Path> {
    let expression = typing::read(text, out)?;
    if let Some(call) = expression.calls.first() {
        out.push(
            Diagnostic::new(
                &EXPRESSION_SYNTAX,
                "`ignore` lists paths, without functions",
            )
            .at(text.part(call.name.range.clone()), "a function"),
        );
        return None;
    }
    let root = &expression.root;
    if root.text == "payload" && !scope.types_known {
        return None;
    }
    let messages = typing::messages(&root.text, scope);
    if messages.is_empty() {
        let message = format!("the rows of this table have no `{}` to ignore", root.text);
        out.push(
            Diagnostic::new(&MISPLACED_ROOT, message)
                .at(text.part(root.range.clone()), "not here")
                .help("`ignore` takes header, event, payload or body, or a path from one of them"),
        );
        return None;
    }
    if let Some(first) = expression.path.first() {
        // In a payload it is enough that one of the types has the field.
        let having = messages
            .iter()
            .find(|(_, m)| m.get_field_by_name(&first.text).is_some())
            .or(messages.first());
        if let Some((_, message)) = having
            && let Err(unknown) = typing::path(message, &expression, text, scope)
        {
            out.push(*unknown);
            return None;
        }
    }
    let mut path = vec![root.text.clone()];
    path.extend(expression.names());
    Some(path)
}

fn covered(table: &Table<'_>, scope: &Scope<'_>, ignored: &[(Path, &Text)], out: &mut Diagnostics) {
    let taken = taken(table);
    let mut used: BTreeSet<usize> = BTreeSet::new();
    let roots: &[&str] = match scope.input {
        Input::Json(_) => &["body"],
        Input::Events | Input::DeadLetters => &["header", "event", "payload"],
    };
    for root in roots {
        for (_, message) in typing::messages(root, scope) {
            let mut missing = Vec::new();
            let mut path = vec![(*root).to_owned()];
            left_out(&message, &mut path, &taken, scope, &mut missing);
            missing.retain(|(path, _)| {
                let hits: Vec<usize> = ignored
                    .iter()
                    .enumerate()
                    .filter(|(_, (ignored, _))| path.starts_with(ignored))
                    .map(|(i, _)| i)
                    .collect();
                used.extend(&hits);
                hits.is_empty()
            });
            // An ignored part of a message leaves the rest of the message to be looked at.
            if !missing.is_empty() {
                out.push(report(table, root, &message, &missing, scope));
            }
        }
    }
    for (i, (path, text)) in ignored.iter().enumerate() {
        if !used.contains(&i) && !spares(table, path) {
            let message = format!(
                "`{}` has a column already, or is ignored twice",
                path.join(".")
            );
            out.push(
                Diagnostic::new(&USELESS_IGNORE, message)
                    .at(text.span, "ignores nothing")
                    .help("leave it out"),
            );
        }
    }
}

/// True if an entry of `ignore` keeps a wildcard from making a column of a field, which may be stored with the whole
/// message all the same.
fn spares(table: &Table<'_>, path: &Path) -> bool {
    let [root, field] = path.as_slice() else {
        return false;
    };
    let wildcard =
        |column: &Column| matches!(column, Column::Wildcard { root: of } if of.value == *root);
    let explicit = table.taken.contains(path) || table.spec.column(&snake_case(field)).is_some();
    let within = [vec![root.clone()], vec![format!("${root}")]];
    let twice = table
        .spec
        .ignore
        .iter()
        .filter(|text| text.value.trim() == path.join("."));
    table.spec.columns.iter().any(wildcard)
        && within.iter().any(|whole| table.taken.contains(whole))
        && !explicit
        && twice.count() == 1
}

/// The paths that have a column, also those that wildcards made.
fn taken(table: &Table<'_>) -> Vec<Path> {
    let expanded = table.columns.iter().filter(|c| c.expanded.is_some());
    let expanded = expanded.map(|c| c.column.written.split('.').map(str::to_owned).collect());
    let whole = |path: &Path| match path.first().map(String::as_str) {
        Some("$payload") => vec!["payload".to_owned()],
        _ => path.clone(),
    };
    table.taken.iter().map(whole).chain(expanded).collect()
}

/// Collects the fields of a message that no path takes. A field of which only parts are taken is gone into.
fn left_out(
    message: &MessageDescriptor,
    path: &mut Path,
    taken: &[Path],
    scope: &Scope<'_>,
    missing: &mut Vec<(Path, FieldDescriptor)>,
) {
    if taken.contains(path) {
        return;
    }
    for field in typing::fields(message, scope) {
        path.push(field.name().to_owned());
        if !taken.contains(path) {
            let partly = taken.iter().any(|t| t.starts_with(path));
            match field.kind() {
                // The members of a Struct are unknown.
                Kind::Message(inner) if partly && !types::is_struct(&inner) && path.len() < 32 => {
                    left_out(&inner, path, taken, scope, missing);
                }
                _ => missing.push((path.clone(), field)),
            }
        }
        path.pop();
    }
}

fn report(
    table: &Table<'_>,
    root: &str,
    message: &MessageDescriptor,
    missing: &[(Path, FieldDescriptor)],
    scope: &Scope<'_>,
) -> Diagnostic {
    let paths: Vec<String> = missing.iter().map(|(path, _)| path.join(".")).collect();
    let names: Vec<&str> = paths.iter().map(String::as_str).collect();
    let text = format!(
        "table `{}` has no column for {} of `{}`",
        table.spec.name.value,
        list(&names),
        message.full_name()
    );
    let found =
        Diagnostic::new(&UNCOVERED_FIELD, text).at(table.spec.name.span, "not in this table");
    let Some((path, field)) = missing.first() else {
        return found;
    };
    let path = path.join(".");
    let column = snake_case(field.name());
    let free = match table.spec.column(&column) {
        // The name is taken by another field's column.
        Some(_) => format!("{root}_{column}"),
        None => column,
    };
    found
        .and(scope.proto.field_span(field), "this field")
        .help(format!(
            "add a column (`{free}: {path}`), a wildcard (`\"*\": {root}`), or `ignore: [{path}]`"
        ))
}
