//! The functions of expressions: what each takes and what it gives.

use crate::check::columns::{BAD_ARGUMENT, FUNCTION_INPUT, NO_TYPE, UNKNOWN_FUNCTION};
use crate::diagnostic::Diagnostic;
use crate::expression::{Argument, Call, Expression};
use crate::model::{From, Function, Root, Type, Value};
use crate::names::suggest;
use crate::yaml::Text;

use super::{Scope, datetime, try_resolve};

/// Every function with its arguments, as people write them.
const FUNCTIONS: [(&str, &str); 11] = [
    ("epoch_millis", "epoch_millis"),
    ("epoch_seconds", "epoch_seconds"),
    ("not_after", "not_after($now)"),
    (
        "datetime",
        "datetime(\"%Y-%m-%d %H:%M:%S\", \"Asia/Kolkata\")",
    ),
    ("json", "json"),
    ("parse_json", "parse_json"),
    ("with", "with(\"key\", body.field)"),
    ("low_cardinality", "low_cardinality"),
    ("upper", "upper"),
    ("lower", "lower"),
    ("default", "default(\"unknown\")"),
];

/// Applies the functions of an expression to a root of type `ty`.
pub(super) fn apply(
    root: Root,
    ty: Type,
    expression: &Expression,
    text: &Text,
    scope: &Scope<'_>,
) -> Result<Value, Box<Diagnostic>> {
    let whole = matches!(root, Root::Payload | Root::WholeBody);
    let mut functions = Vec::new();
    let mut ty = ty;
    for call in &expression.calls {
        let function = read(call, text, scope)?;
        let Some(result) = result(&function, &ty) else {
            let takes = takes(&function);
            let message = format!("`{}` takes {takes}, not {ty}", call.name.text);
            let place = text.part(call.name.range.clone());
            let found = Diagnostic::new(&FUNCTION_INPUT, message);
            return Err(Box::new(found.at(place, format!("its input is {ty}"))));
        };
        ty = result;
        functions.push(function);
    }
    let json = |f: &Function| matches!(f, Function::Json | Function::With { .. });
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
        Function::Json | Function::With { .. } => (*input == Type::Json).then_some(Type::Json),
        Function::ParseJson => (*present == Type::String).then_some(Type::Json),
        Function::LowCardinality => {
            (*present == Type::String).then(|| Type::LowCardinality(Box::new(input.clone())))
        }
        Function::Upper | Function::Lower => (*present == Type::String).then(|| input.clone()),
        Function::Default(_) => (*present == Type::String).then_some(Type::String),
    }
}

fn takes(function: &Function) -> &'static str {
    match function {
        Function::EpochMillis | Function::EpochSeconds => "text or a whole number",
        Function::NotAfterNow => "DateTime64(3, 'UTC'), as `epoch_millis` gives it",
        Function::Json | Function::With { .. } => "a message or a Struct",
        _ => "text",
    }
}

fn read(call: &Call, text: &Text, scope: &Scope<'_>) -> Result<Function, Box<Diagnostic>> {
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
        ("low_cardinality", []) => Function::LowCardinality,
        ("upper", []) => Function::Upper,
        ("lower", []) => Function::Lower,
        ("default", [value]) if value.quoted => Function::Default(value.text.clone()),
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

/// What becomes a member of an object: a single value out of the body.
fn member(value: &Argument, text: &Text, scope: &Scope<'_>) -> Result<Value, Box<Diagnostic>> {
    let mut path = value.path.iter().cloned();
    let found = path.next().map(|root| Expression {
        root,
        path: path.collect(),
        calls: Vec::new(),
    });
    if let Some(path) = found
        && let From::Value(found) = try_resolve(&path, text, scope)?
        && matches!(found.root, Root::Body(_) | Root::Id)
        && *found.ty.present() != Type::Json
    {
        return Ok(found);
    }
    let message = format!("`{}` can't be a member of an object", value.text);
    let found = Diagnostic::new(&BAD_ARGUMENT, message)
        .at(text.part(value.range.clone()), "not a single value")
        .help("`with` takes text, a number or a truth value out of the body: `with(\"key\", body.field)`");
    Err(Box::new(found))
}
