//! The functions of expressions: what each takes and what it gives.

use crate::base::diagnostic::Diagnostic;
use crate::base::names::suggest;
use crate::model::{Function, Root, Type, Value};
use crate::rules::columns::{
    BAD_ARGUMENT, FUNCTION_INPUT, NO_TYPE, UNKNOWN_FUNCTION, UNTYPED_VALUE,
};
use crate::syntax::expression::{Call, Expression};
use crate::syntax::yaml::Text;

use super::argument::{header_name, instead, member, user_agent};
use super::scalar::{SCALARS, nullable, of};
use super::{Scope, datetime};

/// Every function with its arguments, as people write them.
const FUNCTIONS: [(&str, &str); 22] = [
    ("epoch_millis", "epoch_millis"),
    ("epoch_seconds", "epoch_seconds"),
    ("not_after", "not_after($now)"),
    (
        "datetime",
        "datetime(\"%Y-%m-%d %H:%M:%S\", \"Asia/Kolkata\")",
    ),
    ("text", "text"),
    ("integer", "integer"),
    ("number", "number"),
    ("boolean", "boolean"),
    ("json", "json"),
    ("parse_json", "parse_json"),
    ("with", "with(\"key\", body.field)"),
    ("without", "without(\"key\")"),
    ("without_nulls", "without_nulls"),
    ("rfc3339", "rfc3339"),
    ("header", "header(\"Referer\")"),
    ("user_agent", "user_agent(\"browser_name\")"),
    ("without_query", "without_query"),
    ("low_cardinality", "low_cardinality"),
    ("upper", "upper"),
    ("lower", "lower"),
    ("default", "default(\"unknown\")"),
    ("coalesce", "coalesce(body.field)"),
];

/// The functions beside those that take a value inside a Struct, as an object.
const OF_OBJECTS: [&str; 5] = ["json", "with", "without", "without_nulls", "header"];

/// Applies the functions of an expression to a root of type `ty`.
pub(super) fn apply(
    root: Root,
    ty: Type,
    expression: &Expression,
    text: &Text,
    scope: &Scope<'_>,
) -> Result<Value, Box<Diagnostic>> {
    let whole = matches!(root, Root::Payload | Root::WholeBody | Root::Headers);
    let mut untyped = matches!(root, Root::Untyped { .. });
    if untyped {
        said(expression, text)?;
    }
    if let (Root::Unknown, Some(call)) = (&root, expression.calls.first()) {
        let message = format!(
            "`$unknown` is stored as it is, without `{}`",
            call.name.text
        );
        let place = text.part(call.name.range.clone());
        let found = Diagnostic::new(&FUNCTION_INPUT, message);
        return Err(Box::new(found.at(place, "a function")));
    }
    let mut functions = Vec::new();
    let mut ty = ty;
    for call in &expression.calls {
        let function = read(call, text, &ty, scope)?;
        let result = match function {
            Function::As(scalar) => std::mem::take(&mut untyped).then(|| nullable(of(scalar))),
            _ => result(&function, &ty),
        };
        let Some(result) = result else {
            let takes = takes(&function);
            let message = format!("`{}` takes {takes}, not {ty}", call.name.text);
            let place = text.part(call.name.range.clone());
            let found = Diagnostic::new(&FUNCTION_INPUT, message);
            return Err(Box::new(found.at(place, format!("its input is {ty}"))));
        };
        ty = result;
        functions.push(function);
    }
    let json = |f: &Function| {
        matches!(
            f,
            Function::Json
                | Function::With { .. }
                | Function::Without(_)
                | Function::WithoutNulls
                | Function::Header(_)
        )
    };
    if whole && !functions.iter().any(json) {
        let message = format!(
            "a whole message becomes a column only as JSON, not as `{}`",
            text.value
        );
        let found = Diagnostic::new(&NO_TYPE, message)
            .at(text.part(expression.path_range()), "a whole message")
            .help(format!("write `{} | json`", expression.root.text));
        return Err(Box::new(found));
    }
    Ok(Value {
        root,
        functions,
        ty,
    })
}

/// Reports a value inside a Struct of which nothing says what it is.
fn said(expression: &Expression, text: &Text) -> Result<(), Box<Diagnostic>> {
    let scalar = |name: &str| SCALARS.iter().any(|(scalar, _)| *scalar == name);
    let known = |name: &str| FUNCTIONS.iter().any(|(known, _)| *known == name);
    if let Some(first) = expression.calls.first() {
        let name = first.name.text.as_str();
        // A function that there isn't is reported as such.
        if scalar(name) || OF_OBJECTS.contains(&name) || !known(name) {
            return Ok(());
        }
    }
    let range = expression.path_range();
    let path = text.value.get(range.clone()).unwrap_or(&text.value);
    let message = format!("`{path}` has no type: a value inside a Struct needs an explicit one");
    let found = Diagnostic::new(&UNTYPED_VALUE, message)
        .at(text.part(range), "inside a Struct")
        .help(format!(
            "for example `{path} | text`, or `integer`, `number`, `boolean`, or `json` for an object"
        ));
    Err(Box::new(found))
}

/// The type that a function makes of a type; none if it doesn't take it.
fn result(function: &Function, input: &Type) -> Option<Type> {
    let rewrap = |ty: Type| match input {
        Type::Nullable(_) => Type::Nullable(Box::new(ty)),
        _ => ty,
    };
    let present = input.present();
    match function {
        Function::EpochMillis | Function::EpochSeconds => match present {
            Type::String | Type::Int32 | Type::Int64 | Type::UInt32 | Type::UInt64 => {
                Some(rewrap(Type::Millis))
            }
            _ => None,
        },
        Function::NotAfterNow => (*present == Type::Millis).then_some(Type::Millis),
        Function::DateTime { fraction, .. } => (*present == Type::String).then(|| {
            rewrap(match fraction {
                true => Type::Micros,
                false => Type::DateTime,
            })
        }),
        Function::Json | Function::With { .. } | Function::Without(_) | Function::WithoutNulls => {
            (*input == Type::Json).then_some(Type::Json)
        }
        Function::Rfc3339 => match present {
            Type::DateTime | Type::Millis | Type::Micros => Some(rewrap(Type::String)),
            _ => None,
        },
        Function::UserAgent(part) => (*present == Type::String).then_some(match part.truth {
            true => Type::Bool,
            false => Type::String,
        }),
        Function::Header(_) => {
            (*input == Type::Json).then(|| Type::Nullable(Box::new(Type::String)))
        }
        Function::ParseJson => (*present == Type::String).then_some(Type::Json),
        Function::LowCardinality => {
            (*present == Type::String).then(|| Type::LowCardinality(Box::new(input.clone())))
        }
        Function::Upper | Function::Lower | Function::WithoutQuery => {
            (*present == Type::String).then(|| input.clone())
        }
        Function::Default(_) => (*present == Type::String).then_some(Type::String),
        Function::Coalesce(other) => matches!(input, Type::Nullable(_)).then(|| other.ty.clone()),
        // They are for values that have no type yet.
        Function::As(_) => None,
    }
}

fn takes(function: &Function) -> &'static str {
    match function {
        Function::EpochMillis | Function::EpochSeconds => "text or a whole number",
        Function::NotAfterNow => "DateTime64(3, 'UTC'), as `epoch_millis` gives it",
        Function::Json
        | Function::With { .. }
        | Function::Without(_)
        | Function::WithoutNulls
        | Function::Header(_) => "a message or a Struct",
        Function::Rfc3339 => "an instant",
        Function::Coalesce(_) => "a value that may be absent",
        Function::As(_) => "a value inside a Struct",
        _ => "text",
    }
}

/// Reads a call on a value of type `on`.
fn read(
    call: &Call,
    text: &Text,
    on: &Type,
    scope: &Scope<'_>,
) -> Result<Function, Box<Diagnostic>> {
    let name = call.name.text.as_str();
    let place = text.part(call.name.range.clone());
    let function = match (name, &call.arguments[..]) {
        ("epoch_millis", []) => Function::EpochMillis,
        ("epoch_seconds", []) => Function::EpochSeconds,
        ("not_after", [now]) if !now.quoted && now.text == "$now" => Function::NotAfterNow,
        ("datetime", [format]) if format.quoted => datetime::read(format, None, text)?,
        ("datetime", [format, zone]) if format.quoted && zone.quoted => {
            datetime::read(format, Some(zone), text)?
        }
        ("json", []) => Function::Json,
        ("parse_json", []) => Function::ParseJson,
        ("with", [key, value]) if key.quoted && !value.quoted => Function::With {
            key: key.text.clone(),
            value: Box::new(member(value, text, scope)?),
        },
        ("without", [key]) if key.quoted => Function::Without(key.text.clone()),
        ("without_nulls", []) => Function::WithoutNulls,
        ("rfc3339", []) => Function::Rfc3339,
        ("header", [name]) if name.quoted => {
            Function::Header(header_name(&name.text, name.range.clone(), text)?)
        }
        ("user_agent", [part]) if part.quoted => user_agent(part, text)?,
        ("without_query", []) => Function::WithoutQuery,
        ("low_cardinality", []) => Function::LowCardinality,
        ("upper", []) => Function::Upper,
        ("lower", []) => Function::Lower,
        ("default", [value]) if value.quoted => Function::Default(value.text.clone()),
        ("coalesce", [other]) if !other.quoted => {
            Function::Coalesce(Box::new(instead(other, on, text, scope)?))
        }
        (name, []) if let Some((_, scalar)) = SCALARS.iter().find(|(n, _)| *n == name) => {
            Function::As(*scalar)
        }
        _ => {
            return Err(Box::new(match FUNCTIONS.iter().find(|(n, _)| *n == name) {
                Some((_, usage)) => {
                    Diagnostic::new(&BAD_ARGUMENT, format!("`{name}` has the wrong arguments"))
                        .at(place, "called here")
                        .help(format!("it is written `{usage}`"))
                }
                None => {
                    Diagnostic::new(&UNKNOWN_FUNCTION, format!("there is no function `{name}`"))
                        .at(place, "unknown function")
                        .help(suggest(
                            name,
                            FUNCTIONS.iter().map(|(n, _)| *n),
                            "functions",
                        ))
                }
            }));
        }
    };
    Ok(function)
}
