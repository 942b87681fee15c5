//! Wrong values: each is told with its name, where it comes from, and one that would be right.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use super::{Origin, Wrong};

/// An error of clap in our words if it is of a value; as it is otherwise. `origin` tells where an option that is not
/// a variable's was given.
pub(super) fn told(error: clap::Error, leaf: &Command, origin: impl Fn(&str) -> Origin) -> Wrong {
    let is_of_value = matches!(
        error.kind(),
        ErrorKind::ValueValidation | ErrorKind::InvalidValue
    );
    match of_value(&error, leaf, origin).filter(|_| is_of_value) {
        Some(told) => Wrong::Told(told),
        None => Wrong::Clap(error),
    }
}

fn of_value(
    error: &clap::Error,
    leaf: &Command,
    origin: impl Fn(&str) -> Origin,
) -> Option<String> {
    let Some(ContextValue::String(named)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let long = named.strip_prefix("--")?.split([' ', '=']).next()?;
    let arg = leaf
        .get_arguments()
        .find(|arg| arg.get_long() == Some(long))?;
    let value = match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(value)) if !value.is_empty() => value,
        _ => return None,
    };
    let origin = match (origin(long), arg.get_env()) {
        (Origin::Variable(_), Some(name)) => Origin::Variable(name.to_string_lossy().into_owned()),
        (Origin::Variable(_), None) => Origin::Flag,
        (origin, _) => origin,
    };
    let named = match origin {
        Origin::File(path, line) => format!("{}:{line}: {long}", path.display()),
        Origin::Variable(name) => format!("{name} (--{long})"),
        _ => format!("--{long}"),
    };
    let value = super::shown(arg.is_hide_env_values_set(), value);
    let why = error.source().map(ToString::to_string);
    let why = why.map_or(String::new(), |why| format!(": {why}"));
    let right = example(arg);
    let right = right.map_or(String::new(), |right| format!("; {right}"));
    Some(format!("{named}: `{value}` can't be used{why}{right}"))
}

/// What a value looks like: one of those that there are, the default, or one of its kind.
pub(super) fn example(arg: &Arg) -> Option<String> {
    let possible = arg.get_possible_values();
    if !possible.is_empty() {
        let names: Vec<&str> = possible.iter().map(|value| value.get_name()).collect();
        return Some(format!("it is one of {}", names.join(", ")));
    }
    let default = arg.get_default_values().first();
    if let Some(default) = default {
        let default = default.to_string_lossy();
        return Some(format!("for example {default}, which is the default"));
    }
    let value_names = arg.get_value_names()?;
    let kind = value_names.first()?;
    let example = match kind.as_str() {
        "COUNT" => "2000",
        "SECONDS" => "60",
        "PORT" => "8123",
        "FILE" | "PATH" => "/etc/event-grpc/file",
        "DIR" => "/var/lib/event-grpc",
        "URL" => "scheme://user:password@host:port/name",
        "LIST" => "host:9092,host:9092",
        "ADDRESS" => "127.0.0.1:8017",
        "NAME" | "TEXT" | "MIGRATION" => "name",
        "NAMES" | "SOURCES" => "one,two",
        "NAME=VALUE" => "name=value",
        "DSN" => "https://key@sentry.example.com/1",
        "WHEN" => "required",
        _ => return None,
    };
    Some(format!("for example {example}"))
}

#[cfg(test)]
mod tests {
    use crate::cli::Cli;
    use clap::CommandFactory as _;

    #[test]
    fn every_option_of_the_server_has_an_example() {
        let mut command = Cli::command();
        command.build();
        let serve = super::super::whole(&command);
        for arg in serve
            .get_arguments()
            .filter(|arg| super::super::is_setting(arg))
        {
            assert!(
                !arg.get_action().takes_values() || super::example(arg).is_some(),
                "{arg}: its value name has no example"
            );
        }
    }
}
