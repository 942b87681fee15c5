//! The functions of expressions: what each takes and what it gives.

use crate::check::columns::{BAD_ARGUMENT, FUNCTION_INPUT, NO_TYPE, UNKNOWN_FUNCTION};
use crate::diagnostic::Diagnostic;
use crate::expression::{Argument, Call, Expression};
use crate::model::{Function, Root, Type, Value};
use crate::names::{nearest, suggest};
use crate::yaml::Text;

/// Every function with its arguments, as people write them.
const FUNCTIONS: [(&str, &str); 9] = [
    ("epoch_millis", "epoch_millis"),
    ("epoch_seconds", "epoch_seconds"),
    ("not_after", "not_after($now)"),
    (
        "datetime",
        "datetime(\"%Y-%m-%d %H:%M:%S\", \"Asia/Kolkata\")",
    ),
    ("json", "json"),
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
) -> Result<Value, Box<Diagnostic>> {
    let whole = matches!(root, Root::Payload | Root::WholeBody);
    let mut functions = Vec::new();
    let mut ty = ty;
    for call in &expression.calls {
        let function = read(call, text)?;
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
    if whole && !functions.contains(&Function::Json) {
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
        Function::DateTime { .. } => (*present == Type::String).then(|| rewrap(Type::DateTime)),
        Function::Json => (*input == Type::Json).then_some(Type::Json),
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
        Function::Json => "a message or a Struct",
        _ => "text",
    }
}

fn read(call: &Call, text: &Text) -> Result<Function, Box<Diagnostic>> {
    let name = call.name.text.as_str();
    let place = text.part(call.name.range.clone());
    let function = match (name, &call.arguments[..]) {
        ("epoch_millis", []) => Function::EpochMillis,
        ("epoch_seconds", []) => Function::EpochSeconds,
        ("not_after", [now]) if !now.quoted && now.text == "$now" => Function::NotAfterNow,
        ("datetime", [format]) if format.quoted => datetime(format, None, text)?,
        ("datetime", [format, zone]) if format.quoted && zone.quoted => {
            datetime(format, Some(zone), text)?
        }
        ("json", []) => Function::Json,
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

fn datetime(
    format: &Argument,
    zone: Option<&Argument>,
    text: &Text,
) -> Result<Function, Box<Diagnostic>> {
    if !is_full_format(&format.text) {
        let message = format!("`{}` does not describe a date and a time", format.text);
        let found = Diagnostic::new(&BAD_ARGUMENT, message)
            .at(text.part(format.range.clone()), "not a full format")
            .help("year, month, day, hour, minute and second, as in \"%Y-%m-%d %H:%M:%S\"");
        return Err(Box::new(found));
    }
    let zone_name = zone.map_or("UTC", |zone| zone.text.as_str());
    if let (Err(_), Some(zone)) = (zone_name.parse::<chrono_tz::Tz>(), zone) {
        let message = format!("there is no time zone `{zone_name}`");
        let zones: Vec<&str> = chrono_tz::TZ_VARIANTS.iter().map(|z| z.name()).collect();
        let help = match nearest(zone_name, &zones) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "zones are named as in the IANA database, such as Asia/Kolkata".to_owned(),
        };
        let found = Diagnostic::new(&BAD_ARGUMENT, message)
            .at(text.part(zone.range.clone()), "unknown zone")
            .help(help);
        return Err(Box::new(found));
    }
    Ok(Function::DateTime {
        format: format.text.clone(),
        zone: zone_name.to_owned(),
    })
}

/// Whether a time survives being written in the format and read back.
fn is_full_format(format: &str) -> bool {
    use std::fmt::Write as _;

    let Some(sample) = chrono::DateTime::from_timestamp(1_700_000_001, 0).map(|t| t.naive_utc())
    else {
        return false;
    };
    let mut written = String::new();
    write!(written, "{}", sample.format(format)).is_ok()
        && chrono::NaiveDateTime::parse_from_str(&written, format) == Ok(sample)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_must_hold_a_whole_instant() {
        assert!(is_full_format("%Y-%m-%d %H:%M:%S"));
        assert!(is_full_format("%d/%b/%Y %I:%M:%S %p"));
        assert!(!is_full_format("%Y-%m-%d"));
        assert!(!is_full_format("%Y-%m-%d %H:%M:%S %Q"));
    }
}
