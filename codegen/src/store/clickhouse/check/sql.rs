//! Checks of an SQL expression by itself: that it is one, and that its functions exist, fit and are deterministic.

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::{list, nearest};
use crate::model::Type;
use crate::rules::sql::{CONSTANT_KEY, NOT_DETERMINISTIC, SQL_ARGUMENT, SQL_FUNCTION, SQL_SYNTAX};
use crate::store::clickhouse::functions::{Class, FUNCTIONS, Function, find, is_not_deterministic};
use crate::store::typed::TypedTable;
use crate::syntax::sql::{Form, Sql, parse};
use crate::syntax::yaml::Text;

/// Reads an expression and checks what it calls; none if it can't be read, which is reported.
pub(super) fn read(text: &Text, table: &TypedTable<'_>, out: &mut Diagnostics) -> Option<Sql> {
    let parsed = syntax(text, out)?;
    calls(&parsed, text, table, out);
    Some(parsed)
}

/// Reads an expression; none if it can't be read, which is reported.
pub(super) fn syntax(text: &Text, out: &mut Diagnostics) -> Option<Sql> {
    match parse(&text.value) {
        Ok(parsed) => Some(parsed),
        Err(found) => {
            let message = format!("`{}` is not an SQL expression", text.value);
            let words = text.value.to_ascii_uppercase();
            let place = text.part(found.range);
            let found = Diagnostic::new(&SQL_SYNTAX, message).at(place, found.why);
            out.push(match words.contains("CASE ") || words.contains(" AS ") {
                true => {
                    found.help("keys say it with functions: `if`, `multiIf`, `toDate`, `toString`")
                }
                false => found,
            });
            None
        }
    }
}

/// Reports an expression that names no column; true if it does so.
pub(super) fn constant(parsed: &Sql, text: &Text, help: &str, out: &mut Diagnostics) -> bool {
    let mut depends = false;
    parsed.walk(&mut |part| {
        // What is no constant either is reported by itself.
        depends |= match &part.form {
            Form::Name(_) => true,
            Form::Call(name, _, arguments) => {
                find(name).is_none_or(|function| misfit(function, arguments.len()).is_some())
            }
            _ => false,
        };
    });
    if !depends {
        let message = format!("`{}` is the same for every row", text.value);
        let found = Diagnostic::new(&CONSTANT_KEY, message).at(text.span, "names no column");
        out.push(found.help(help));
    }
    !depends
}

fn calls(parsed: &Sql, text: &Text, table: &TypedTable<'_>, out: &mut Diagnostics) {
    parsed.walk(&mut |part| {
        if let Form::Operator(operator, of) = &part.form {
            let takes: &[Class] = match *operator {
                "+" | "-" => &[Class::Number, Class::Time],
                "*" | "/" | "%" | "DIV" | "MOD" => &[Class::Number],
                _ => &[Class::Any],
            };
            let wrong = of
                .iter()
                .find_map(|of| argument(operator, takes, of, text, table));
            if let Some(wrong) = wrong {
                out.push(wrong);
            }
        }
        if let Form::Call(name, place, arguments) = &part.form {
            let place = text.part(place.clone());
            match find(name) {
                Some(function) => {
                    let wrong = misfit(function, arguments.len())
                        .map(|found| found.at(place, format!("called with {}", arguments.len())))
                        .or_else(|| {
                            let first = arguments.first()?;
                            argument(function.name, &[function.takes], first, text, table)
                        });
                    if let Some(wrong) = wrong {
                        out.push(wrong);
                    }
                }
                None if is_not_deterministic(name) => {
                    let message = format!("`{name}` gives another value each time");
                    out.push(
                        Diagnostic::new(&NOT_DETERMINISTIC, message)
                            .at(place, "not a function of the row")
                            .help("make keys of what was sent: columns, and functions of them"),
                    );
                }
                None => out.push(unknown(name).at(place, "unknown function")),
            }
        }
    });
}

fn unknown(name: &str) -> Diagnostic {
    let message = format!("a key can't call `{name}`");
    let known: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
    Diagnostic::new(&SQL_FUNCTION, message).help(match nearest(name, &known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            "keys call functions of dates, texts, numbers and hashes, such as toYYYYMM, toDate, \
                 lower, intDiv and cityHash64"
                .to_owned()
        }
    })
}

/// What to say of a call with too few or too many arguments.
fn misfit(function: &Function, arguments: usize) -> Option<Diagnostic> {
    if (function.least..=function.most).contains(&arguments) {
        return None;
    }
    let (name, least, most) = (function.name, function.least, function.most);
    let takes = match most {
        _ if least == most => format!("{least}"),
        most if most > 8 => format!("{least} or more"),
        most => format!("{least} to {most}"),
    };
    let noun = if takes == "1" {
        "argument"
    } else {
        "arguments"
    };
    let message = format!("`{name}` takes {takes} {noun}");
    Some(Diagnostic::new(&SQL_FUNCTION, message))
}

/// What to say of an argument of a function or an operator that takes only these classes.
fn argument(
    name: &str,
    takes: &[Class],
    argument: &Sql,
    text: &Text,
    table: &TypedTable<'_>,
) -> Option<Diagnostic> {
    let given = class(argument, table);
    if given == Class::Any || takes.contains(&Class::Any) || takes.contains(&given) {
        return None;
    }
    let words: Vec<&str> = takes.iter().map(|class| word(*class)).collect();
    let message = format!("`{name}` takes {}, not {}", words.join(" or "), word(given));
    let found = Diagnostic::new(&SQL_ARGUMENT, message);
    let named = match &argument.form {
        Form::Name(name) => table.column(name),
        _ => None,
    };
    let label = named.map_or_else(
        || format!("this is {}", word(given)),
        |column| format!("is {}", column.column.ty),
    );
    let found = found
        .at(text.part(argument.range.clone()), label)
        .and(named.map(|column| column.place), "the column");
    Some(match takes {
        [Class::Time] => found.help(times(table)),
        _ => found,
    })
}

/// The columns that a function of times could have been meant for.
fn times(table: &TypedTable<'_>) -> String {
    let times = table.columns.iter().map(|column| &column.column);
    let times = times.filter(|column| of_type(&column.ty) == Class::Time);
    let names: Vec<&str> = times.map(|column| column.name.as_str()).collect();
    match names.is_empty() {
        true => "this table has no column with a time".to_owned(),
        false => format!("columns with a time: {}", list(&names)),
    }
}

fn word(class: Class) -> &'static str {
    match class {
        Class::Time => "a time",
        Class::Text => "a text",
        Class::Number => "a number",
        Class::Any => "anything",
    }
}

/// The class of an expression's values, as far as it can be told.
fn class(sql: &Sql, table: &TypedTable<'_>) -> Class {
    match &sql.form {
        Form::Name(name) => table
            .column(name)
            .map_or(Class::Any, |column| of_type(&column.column.ty)),
        Form::Call(name, ..) => find(name).map_or(Class::Any, |function| function.gives),
        Form::Operator("||", _) => Class::Text,
        _ => Class::Any,
    }
}

fn of_type(ty: &Type) -> Class {
    match ty {
        Type::String => Class::Text,
        Type::DateTime | Type::Millis | Type::Micros => Class::Time,
        Type::Bool | Type::Int32 | Type::Int64 | Type::UInt32 | Type::UInt64 => Class::Number,
        Type::Float32 | Type::Float64 => Class::Number,
        Type::LowCardinality(inner) | Type::Nullable(inner) => of_type(inner),
        Type::Json | Type::Array(_) | Type::Map(..) => Class::Any,
    }
}
