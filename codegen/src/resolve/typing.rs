//! Typing: looks up the root of an expression, applies its functions, and derives its ClickHouse type.

mod argument;
mod function;
mod path;

pub(crate) use path::{fields, messages, path};

use std::collections::BTreeMap;

use prost_reflect::FieldDescriptor;

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::suggest;
use crate::function::header;
use crate::model::types;
use crate::model::{ColumnSource, Envelope, ErrorField, Input, Root, Type, Value};
use crate::rules::columns::{
    EXPRESSION_SYNTAX, MISPLACED_ROOT, NO_TYPE, PAYLOADS_DISAGREE, UNKNOWN_FIELD, UNKNOWN_ROOT,
};
use crate::syntax::expression::{Expression, parse};
use crate::syntax::proto::Proto;
use crate::syntax::yaml::Text;

/// Scope of an expression.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// Input of the rows.
    pub(crate) input: &'a Input,
    /// The envelope of app events, if there is one.
    pub(crate) envelope: Option<&'a Envelope>,
    /// The event types (numbers of the oneof's fields) that rows are made from, ascending.
    pub(crate) types: &'a [u32],
    /// True if these are all that were meant; if not, what a payload holds can't be told.
    pub(crate) types_known: bool,
    /// Places of fields.
    pub(crate) proto: &'a Proto,
}

const ROOTS: [&str; 13] = [
    "header",
    "event",
    "payload",
    "body",
    "error",
    "$payload",
    "$type",
    "$now",
    "$id",
    "$received",
    "$headers",
    "$client",
    "$unknown",
];

/// Reads an expression, reporting what can't be read.
pub(crate) fn read(text: &Text, out: &mut Diagnostics) -> Option<Expression> {
    match parse(&text.value) {
        Ok(expression) => Some(expression),
        Err(error) => {
            let message = format!("`{}` is not an expression", text.value);
            let expected = format!("expected {} here", error.expected);
            out.push(
                Diagnostic::new(&EXPRESSION_SYNTAX, message).at(text.part(error.range), expected),
            );
            None
        }
    }
}

/// Looks up and types an expression, reporting what is wrong with it.
pub(crate) fn resolve(
    expression: &Expression,
    text: &Text,
    scope: &Scope<'_>,
    out: &mut Diagnostics,
) -> Option<ColumnSource> {
    match try_resolve(expression, text, scope) {
        Ok(from) => Some(from),
        Err(diagnostic) => {
            out.push(*diagnostic);
            None
        }
    }
}

type Typed<T> = Result<T, Box<Diagnostic>>;

fn try_resolve(expression: &Expression, text: &Text, scope: &Scope<'_>) -> Typed<ColumnSource> {
    let root = expression.root.text.as_str();
    let plain = |root: Root, ty: Type| {
        if let Some(extra) = expression.path.first() {
            let message = format!("`{}` has no fields", expression.root.text);
            let range = extra.range.clone();
            return Err(Box::new(at(
                &UNKNOWN_FIELD,
                message,
                text,
                range,
                "not a field",
            )));
        }
        Ok(ColumnSource::Value(function::apply(
            root, ty, expression, text, scope,
        )?))
    };
    let events = matches!(scope.input, Input::Events | Input::DeadLetters);
    match root {
        _ if expression.constant => plain(Root::Constant(root.to_owned()), Type::String),
        "$now" => plain(Root::Now, Type::Millis),
        "$type" if events => plain(Root::TypeName, Type::String),
        "$payload" if events => plain(Root::Payload, Type::Json),
        "$unknown" if !matches!(scope.input, Input::DeadLetters) => {
            plain(Root::Unknown, Type::String)
        }
        "$client" => {
            let root = match scope.input {
                Input::Events => Root::ClientOfEvents,
                Input::Json(_) => Root::ClientOfMessage,
                Input::DeadLetters => Root::Error(ErrorField::Client),
            };
            plain(root, Type::String)
        }
        "$id" if matches!(scope.input, Input::Json(_)) => plain(Root::Id, Type::String),
        "$received" if matches!(scope.input, Input::Json(_)) => plain(Root::Received, Type::Millis),
        "body" if expression.path.is_empty() && matches!(scope.input, Input::Json(_)) => {
            plain(Root::WholeBody, Type::Json)
        }
        "$headers" if matches!(scope.input, Input::Json(_)) => headers(expression, text, scope),
        "error" if matches!(scope.input, Input::DeadLetters) => {
            error_field(expression, text, scope)
        }
        // The types of dead letters differ from row to row: only the whole payload can be kept.
        "payload" if matches!(scope.input, Input::Events) => payload_field(expression, text, scope),
        "header" | "event" | "body" => match messages(root, scope).first() {
            Some((_, message)) => {
                let fields = path(message, expression, text, scope)?;
                let inside = expression.path.get(fields.len()..).unwrap_or_default();
                let root = match root {
                    "header" => Root::Header(fields.clone()),
                    "event" => Root::Event(fields.clone()),
                    _ if !inside.is_empty() => {
                        let keys = inside.iter().map(|word| word.text.clone()).collect();
                        let root = Root::Untyped { fields, keys };
                        let value = function::apply(root, Type::Json, expression, text, scope)?;
                        return Ok(ColumnSource::Value(value));
                    }
                    _ => Root::Body(fields.clone()),
                };
                Ok(ColumnSource::Value(field(
                    root, &fields, expression, text, scope,
                )?))
            }
            None => Err(misplaced(expression, text, scope)),
        },
        root if ROOTS.contains(&root) => Err(misplaced(expression, text, scope)),
        _ => {
            let message = format!("an expression can't start with `{root}`");
            let range = expression.root.range.clone();
            let unknown = at(&UNKNOWN_ROOT, message, text, range, "unknown");
            Err(Box::new(unknown.help(suggest(
                root,
                ROOTS,
                "expressions start with",
            ))))
        }
    }
}

fn misplaced(expression: &Expression, text: &Text, scope: &Scope<'_>) -> Box<Diagnostic> {
    let (rows, roots) = match scope.input {
        Input::Events => (
            "app events",
            "header, event, payload, $payload, $type, $client, $unknown, $now",
        ),
        Input::Json(_) => (
            "JSON messages",
            "body, $id, $received, $headers, $client, $unknown, $now",
        ),
        Input::DeadLetters => (
            "dead letters",
            "error, header, event, $payload, $type, $client, $now",
        ),
    };
    let root = &expression.root;
    let message = format!("rows made from {rows} have no `{}`", root.text);
    let found = at(
        &MISPLACED_ROOT,
        message,
        text,
        root.range.clone(),
        "not here",
    );
    Box::new(found.help(format!("here an expression starts with one of: {roots}")))
}

/// All headers of a message, or one of them.
fn headers(expression: &Expression, text: &Text, scope: &Scope<'_>) -> Typed<ColumnSource> {
    let (root, ty) = match &expression.path[..] {
        [] => (Root::Headers, Type::Json),
        [name] => (
            Root::HeaderOf(header::checked(&name.text, name.range.clone(), text)?),
            Type::Nullable(Box::new(Type::String)),
        ),
        [name, extra, ..] => {
            let message = format!("header `{}` has no fields", name.text);
            let range = extra.range.clone();
            let found = at(&UNKNOWN_FIELD, message, text, range, "not a field");
            let help = format!(
                "write `$headers.\"{}.{}\"` if that is its name",
                name.text, extra.text
            );
            return Err(Box::new(found.help(help)));
        }
    };
    Ok(ColumnSource::Value(function::apply(
        root, ty, expression, text, scope,
    )?))
}

fn error_field(expression: &Expression, text: &Text, scope: &Scope<'_>) -> Typed<ColumnSource> {
    let names = ErrorField::ALL.iter().map(|(name, _)| *name);
    let [name] = &expression.path[..] else {
        let message = "`error` is followed by one name".to_owned();
        let found = at(
            &UNKNOWN_FIELD,
            message,
            text,
            expression.path_range(),
            "here",
        );
        return Err(Box::new(found.help(suggest("", names, "known names"))));
    };
    let Some((_, known)) = ErrorField::ALL.iter().find(|(n, _)| *n == name.text) else {
        let message = format!("a dead letter has no field `{}`", name.text);
        let found = at(&UNKNOWN_FIELD, message, text, name.range.clone(), "unknown");
        return Err(Box::new(found.help(suggest(
            &name.text,
            names,
            "known names",
        ))));
    };
    let ty = match known {
        ErrorField::Attempts => Type::UInt32,
        ErrorField::FirstFailed | ErrorField::LastFailed => Type::Millis,
        ErrorField::Sent => Type::Nullable(Box::new(Type::Millis)),
        _ => Type::String,
    };
    Ok(ColumnSource::Value(function::apply(
        Root::Error(*known),
        ty,
        expression,
        text,
        scope,
    )?))
}

/// A field of the payload: looked up in each type, where the types that have it must agree.
fn payload_field(expression: &Expression, text: &Text, scope: &Scope<'_>) -> Typed<ColumnSource> {
    let types = messages("payload", scope);
    let Some(first) = expression.path.first() else {
        let message = "`payload` is followed by a field's name".to_owned();
        let found = at(
            &UNKNOWN_FIELD,
            message,
            text,
            expression.path_range(),
            "here",
        );
        return Err(Box::new(
            found.help("the whole payload is `$payload | json`"),
        ));
    };
    let mut values: BTreeMap<u32, Value> = BTreeMap::new();
    let mut seen: Option<(FieldDescriptor, Type)> = None;
    for (number, message) in &types {
        if message.get_field_by_name(&first.text).is_none() {
            continue;
        }
        let fields = path(message, expression, text, scope)?;
        let root = Root::PayloadField(fields.clone());
        let value = field(root, &fields, expression, text, scope)?;
        let Some(last) = fields.last() else { continue };
        match &seen {
            Some((other, ty)) if *ty != value.ty => {
                let range = expression.path_range();
                return Err(Box::new(
                    disagree(other, ty, last, &value.ty, scope).at(text.part(range), "used here"),
                ));
            }
            _ => seen = Some((last.clone(), value.ty.clone())),
        }
        values.insert(*number, value);
    }
    if values.is_empty() {
        let known: std::collections::BTreeSet<String> = types
            .iter()
            .flat_map(|(_, m)| m.fields().map(|f| f.name().to_owned()).collect::<Vec<_>>())
            .collect();
        let message = match &types[..] {
            [(_, only)] => format!("`{}` has no field `{}`", only.full_name(), first.text),
            _ => format!(
                "none of this table's event types has a field `{}`",
                first.text
            ),
        };
        let found = at(
            &UNKNOWN_FIELD,
            message,
            text,
            first.range.clone(),
            "no such field",
        );
        let known = known.iter().map(String::as_str);
        return Err(Box::new(found.help(suggest(
            &first.text,
            known,
            "known fields",
        ))));
    }
    Ok(ColumnSource::ByType(values))
}

/// Two payloads that give one column different types; the caller says where.
pub(crate) fn disagree(
    one: &FieldDescriptor,
    one_type: &Type,
    other: &FieldDescriptor,
    other_type: &Type,
    scope: &Scope<'_>,
) -> Diagnostic {
    let place = |field: &FieldDescriptor| scope.proto.place(field);
    Diagnostic::new(
        &PAYLOADS_DISAGREE,
        format!(
            "`{}` is {one_type} but `{}` is {other_type}",
            one.full_name(),
            other.full_name()
        ),
    )
    .and(
        scope.proto.field_span(other),
        format!("{other_type} here; {one_type} at {}", place(one)),
    )
    .help("give both fields the same type, or ignore the field and keep it in `$payload | json`")
}

fn field(
    root: Root,
    fields: &[FieldDescriptor],
    expression: &Expression,
    text: &Text,
    scope: &Scope<'_>,
) -> Typed<Value> {
    let Some(last) = fields.last() else {
        return function::apply(root, Type::Json, expression, text, scope);
    };
    let ty = type_of(last, scope)
        .map_err(|found| Box::new(found.at(text.part(expression.path_range()), "no column")))?;
    function::apply(root, ty, expression, text, scope)
}

/// The type of a field's column; the caller says where it is named.
pub(crate) fn type_of(field: &FieldDescriptor, scope: &Scope<'_>) -> Typed<Type> {
    if !matches!(scope.input, Input::Json(_)) {
        return Ok(types::of_field(field));
    }
    types::of_json_field(field).map_err(|why| {
        let message = format!("`{}` has no column type", field.full_name());
        let found = Diagnostic::new(&NO_TYPE, message).help(why);
        Box::new(found.and(scope.proto.field_span(field), "declared here"))
    })
}

/// A mistake at a part of an expression.
fn at(
    rule: &crate::base::rule::Rule,
    message: String,
    text: &Text,
    range: std::ops::Range<usize>,
    label: &str,
) -> Diagnostic {
    Diagnostic::new(rule, message).at(text.part(range), label)
}
