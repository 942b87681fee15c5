//! The functions of expressions: what each takes and what it gives.

use crate::check::columns::{BAD_ARGUMENT, FUNCTION_INPUT, NO_TYPE, UNKNOWN_FUNCTION};
use crate::diagnostic::Diagnostic;
use crate::expression::{Argument, Call, Expression};
use crate::model::{From, Function, Root, Type, UserAgentPart, Value};
use crate::names::suggest;
use crate::yaml::Text;

use super::{Scope, datetime, try_resolve};

/// Every function with its arguments, as people write them.
const FUNCTIONS: [(&str, &str); 14] = [
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
    ("header", "header(\"Referer\")"),
    ("user_agent", "user_agent(\"browser_name\")"),
    ("without_query", "without_query"),
    ("low_cardinality", "low_cardinality"),
    ("upper", "upper"),
    ("lower", "lower"),
    ("default", "default(\"unknown\")"),
];

/// What `user_agent` knows, and whether it is true or false rather than text.
const USER_AGENT: [(&str, bool); 12] = [
    ("mozilla", false),
    ("platform", false),
    ("os", false),
    ("os_name", false),
    ("os_full_name", false),
    ("os_version", false),
    ("localization", false),
    ("model", false),
    ("browser_name", false),
    ("browser_version", false),
    ("bot", true),
    ("mobile", true),
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
    let json = |f: &Function| {
        matches!(
            f,
            Function::Json | Function::With { .. } | Function::Header(_)
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
    }
}

fn takes(function: &Function) -> &'static str {
    match function {
        Function::EpochMillis | Function::EpochSeconds => "text or a whole number",
        Function::NotAfterNow => "DateTime64(3, 'UTC'), as `epoch_millis` gives it",
        Function::Json | Function::With { .. } | Function::Header(_) => "a message or a Struct",
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
        ("header", [name]) if name.quoted => Function::Header(name.text.clone()),
        ("user_agent", [part]) if part.quoted => user_agent(part, text)?,
        ("without_query", []) => Function::WithoutQuery,
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

fn user_agent(part: &Argument, text: &Text) -> Result<Function, Box<Diagnostic>> {
    let known = USER_AGENT.iter().find(|(name, _)| *name == part.text);
    if let Some((name, truth)) = known {
        let (name, truth) = (*name, *truth);
        return Ok(Function::UserAgent(UserAgentPart { name, truth }));
    }
    let message = format!("a user agent says no `{}`", part.text);
    let names = USER_AGENT.iter().map(|(name, _)| *name);
    let found = Diagnostic::new(&BAD_ARGUMENT, message)
        .at(text.part(part.range.clone()), "unknown")
        .help(suggest(&part.text, names, "it says"));
    Err(Box::new(found))
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
