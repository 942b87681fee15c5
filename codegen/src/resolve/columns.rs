//! A table's columns: explicit ones typed, wildcards expanded in place.

mod parts;

use std::collections::BTreeMap;

use prost_reflect::{FieldDescriptor, MessageDescriptor};

use super::typing::{self, Scope};
use super::{Column, Resolved, Table};
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::snake_case;
use crate::model::{self, ColumnSource, ErrorField, Input, Root, Type, Value};
use crate::rules::columns::{EXPRESSION_SYNTAX, MISPLACED_ROOT, TYPE_DISAGREES};
use crate::syntax::spec;
use crate::syntax::yaml::Text;

/// Fills in the columns of a table.
pub(super) fn fill(resolved: &mut Resolved<'_>, index: usize, out: &mut Diagnostics) {
    let Some(table) = resolved.tables.get(index) else {
        return;
    };
    let Some(scope) = resolved.scope(table) else {
        // Nothing feeds the table: that is said elsewhere, and its fields can't be looked up.
        return;
    };
    let (taken, mut complete) = taken(table.spec, out);
    let mut columns = Vec::new();
    for column in &table.spec.columns {
        let expanded = match column {
            spec::Column::Explicit { name, from, ty, .. } => {
                let ty = ty.as_ref();
                explicit(name, from.as_ref(), ty, table, &scope, out).map(|c| vec![c])
            }
            spec::Column::Hook { .. } => continue,
            spec::Column::Wildcard { root } => wildcard(root, table, &taken, &scope, out),
        };
        match expanded {
            Some(expanded) => columns.extend(expanded),
            None => complete = false,
        }
    }
    if let Some(table) = resolved.tables.get_mut(index) {
        table.columns = columns;
        table.taken = taken;
        table.complete = complete;
    }
}

/// The paths that explicit columns take, and whether all of them could be read.
fn taken(table: &spec::Table, out: &mut Diagnostics) -> (Vec<Vec<String>>, bool) {
    let mut taken = Vec::new();
    let mut complete = true;
    for column in &table.columns {
        let spec::Column::Explicit { from, .. } = column else {
            continue;
        };
        match from.as_ref().and_then(|text| typing::read(text, out)) {
            Some(expression) => {
                let mut path = vec![expression.root.text.clone()];
                path.extend(expression.names());
                taken.push(path);
                // Fields in a function's arguments are stored with the value.
                let arguments = expression.calls.iter().flat_map(|call| &call.arguments);
                taken.extend(arguments.filter(|a| !a.quoted).map(|argument| {
                    let names = argument.path.iter().map(|word| word.text.clone());
                    names.collect::<Vec<_>>()
                }));
            }
            None => complete = false,
        }
    }
    (taken, complete)
}

fn explicit(
    name: &Text,
    from: Option<&Text>,
    ty: Option<&Text>,
    table: &Table<'_>,
    scope: &Scope<'_>,
    out: &mut Diagnostics,
) -> Option<Column> {
    let store = table.store.as_ref();
    let declared = ty.and_then(|ty| {
        let read = store.read_type(&ty.value);
        if read.is_none() {
            out.push(store.unknown_type(ty));
        }
        read
    });
    let text = from?;
    // A text that can't be read was reported when the taken paths were collected.
    let expression = typing::read(text, &mut Diagnostics::default())?;
    if expression.root.text == "payload" && !scope.types_known {
        return None;
    }
    let mut from = typing::resolve(&expression, text, scope, out)?;
    if let ColumnSource::Value(value) = &mut from {
        let is_client = expression.root.text == "$client" && value.functions.is_empty();
        if value.root == Root::Unknown {
            value.ty = store.type_of_unknown(value.ty.clone());
        } else if is_client {
            value.ty = store.type_of_client(value.ty.clone());
        }
    }
    let derived = type_of(&from)?;
    if let (Some(declared), Some(place)) = (declared, ty)
        && let Some(derived) = store.type_of(&derived).filter(|ty| *ty != declared)
    {
        let declared = &place.value;
        let message = format!("column `{}` is {derived}, not {declared}", name.value);
        out.push(
            Diagnostic::new(&TYPE_DISAGREES, message)
                .at(place.span, format!("declared as {declared}"))
                .and(Some(text.span), format!("this gives {derived}"))
                .help("leave `type` out, or change the expression"),
        );
    }
    Some(Column {
        column: model::Column {
            name: name.value.clone(),
            ty: derived,
            doc: doc(&from, scope),
            from,
            written: text.value.clone(),
        },
        place: name.span,
        expanded: None,
    })
}

/// The columns of the fields that no explicit column stands for.
fn wildcard(
    root: &Text,
    table: &Table<'_>,
    taken: &[Vec<String>],
    scope: &Scope<'_>,
    out: &mut Diagnostics,
) -> Option<Vec<Column>> {
    let known = ["header", "event", "payload", "body"];
    let name = root.value.as_str();
    if name.contains('|') {
        return parts::expand(root, table.spec, scope, out);
    }
    if !known.contains(&name) {
        out.push(stands_for_nothing(root));
        return None;
    }
    if name == "payload" && !scope.types_known {
        return None;
    }
    let messages = typing::messages(name, scope);
    let letters = matches!(scope.input, Input::DeadLetters);
    if messages.is_empty() || (letters && name == "payload") {
        let message = format!(
            "the rows of table `{}` have no `{name}`",
            table.spec.name.value
        );
        let here = match scope.input {
            Input::Events => "header, event and payload",
            Input::Json(_) => "body",
            Input::DeadLetters => "header and event",
        };
        out.push(
            Diagnostic::new(&MISPLACED_ROOT, message)
                .at(root.span, "not here")
                .help(format!("a wildcard can stand for {here} here")),
        );
        return None;
    }
    let ignored = |field: &str| {
        let path = format!("{name}.{field}");
        table.spec.ignore.iter().any(|i| i.value.trim() == path)
    };
    let skipped = |field: &FieldDescriptor| {
        let path = [name.to_owned(), field.name().to_owned()];
        let column = snake_case(field.name());
        table.spec.column(&column).is_some()
            || taken.contains(&path.to_vec())
            || ignored(field.name())
    };
    // A list that has no column type of its own is kept in the column of the whole message, if there is one.
    let whole = taken.contains(&vec![name.to_owned()]);
    let kept = |field: &FieldDescriptor| {
        whole && field.is_list() && typing::type_of(field, scope).is_err()
    };
    let mut columns = Some(Vec::new());
    for (field, by_type) in union(&messages, scope) {
        if skipped(&field) || kept(&field) {
            continue;
        }
        match expand(root, &field, by_type, scope, out) {
            Some(column) => {
                if let Some(columns) = &mut columns {
                    columns.push(column);
                }
            }
            None => columns = None,
        }
    }
    columns
}

fn stands_for_nothing(root: &Text) -> Diagnostic {
    let message = format!("a wildcard can't stand for `{}`", root.value);
    Diagnostic::new(&EXPRESSION_SYNTAX, message)
        .at(root.span, "not a message")
        .help(
            "it stands for the fields of header, event, payload or body, or for the parts of a user agent: \
             `body.FIELD | user_agent`",
        )
}

/// Each field name of the messages, in the order of number and of type, with the types that have it.
fn union(
    messages: &[(u32, MessageDescriptor)],
    scope: &Scope<'_>,
) -> Vec<(FieldDescriptor, Vec<(u32, FieldDescriptor)>)> {
    let mut union: Vec<(FieldDescriptor, Vec<(u32, FieldDescriptor)>)> = Vec::new();
    for (number, message) in messages {
        for field in typing::fields(message, scope) {
            match union.iter_mut().find(|(f, _)| f.name() == field.name()) {
                Some((_, by_type)) => by_type.push((*number, field)),
                None => union.push((field.clone(), vec![(*number, field)])),
            }
        }
    }
    union
}

fn expand(
    root: &Text,
    field: &FieldDescriptor,
    by_type: Vec<(u32, FieldDescriptor)>,
    scope: &Scope<'_>,
    out: &mut Diagnostics,
) -> Option<Column> {
    let mut values: BTreeMap<u32, Value> = BTreeMap::new();
    let mut first: Option<(FieldDescriptor, Type)> = None;
    for (number, field) in by_type {
        let ty = match typing::type_of(&field, scope) {
            Ok(ty) => ty,
            Err(found) => {
                out.push(found.at(root.span, "among the fields of this wildcard"));
                return None;
            }
        };
        match &first {
            Some((other, other_type)) if *other_type != ty => {
                out.push(
                    typing::disagree(other, other_type, &field, &ty, scope)
                        .at(root.span, "both among the fields of this wildcard"),
                );
                return None;
            }
            Some(_) => {}
            None => first = Some((field.clone(), ty.clone())),
        }
        let path = vec![field];
        let root = match root.value.as_str() {
            "header" => Root::Header(path),
            "event" => Root::Event(path),
            "payload" => Root::PayloadField(path),
            _ => Root::Body(path),
        };
        let value = Value {
            root,
            functions: Vec::new(),
            ty,
        };
        values.insert(number, value);
    }
    let (_, ty) = first?;
    let from = if root.value == "payload" {
        ColumnSource::ByType(values)
    } else {
        ColumnSource::Value(values.into_values().next()?)
    };
    Some(Column {
        column: model::Column {
            name: snake_case(field.name()),
            ty,
            doc: doc(&from, scope),
            from,
            written: format!("{}.{}", root.value, field.name()),
        },
        place: root.span,
        expanded: Some(field.clone()),
    })
}

/// The type of what is stored.
fn type_of(from: &ColumnSource) -> Option<Type> {
    match from {
        ColumnSource::Value(value) => Some(value.ty.clone()),
        ColumnSource::ByType(values) => values.values().next().map(|v| v.ty.clone()),
    }
}

/// What is said of a column for unknown fields.
const UNKNOWN: &str = "What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.";

/// What is said of a column for clients' names.
const CLIENT: &str = "Who sent it: the client that its key proved; empty if nothing did.";

/// The comment on the field that a value comes from.
fn doc(from: &ColumnSource, scope: &Scope<'_>) -> String {
    let value = match from {
        ColumnSource::Value(value) => Some(value),
        ColumnSource::ByType(values) => values.values().next(),
    };
    match value.map(|v| &v.root) {
        Some(
            Root::Header(path) | Root::Event(path) | Root::PayloadField(path) | Root::Body(path),
        ) => path
            .last()
            .map(|field| scope.proto.field_doc(field))
            .unwrap_or_default(),
        Some(Root::Unknown) => UNKNOWN.to_owned(),
        Some(Root::ClientOfEvents | Root::ClientOfMessage | Root::Error(ErrorField::Client)) => {
            CLIENT.to_owned()
        }
        _ => String::new(),
    }
}
