//! Functions of the expression language: a file each, with its name, usage, types, the Rust that it is printed as, and
//! its documentation. To add one, write its file and name it in the list.

pub(crate) mod code;
mod definition;
mod epoch;
pub(crate) mod reading;
pub mod reference;

pub(crate) use definition::{Definition, Open};

use crate::model;

/// Declares the modules of the functions, and lists their definitions in the order of the reference.
macro_rules! functions {
    ($($module:ident :: $definition:ident,)*) => {
        $(pub(crate) mod $module;)*

        /// Every function, in the order of the reference.
        pub(crate) const ALL: &[&Definition] = &[$(&$module::$definition,)*];
    };
}

functions! {
    epoch_millis::EPOCH_MILLIS,
    epoch_seconds::EPOCH_SECONDS,
    not_after::NOT_AFTER,
    datetime::DATETIME,
    text::TEXT,
    integer::INTEGER,
    number::NUMBER,
    boolean::BOOLEAN,
    json::JSON,
    parse_json::PARSE_JSON,
    with::WITH,
    without::WITHOUT,
    without_nulls::WITHOUT_NULLS,
    rfc3339::RFC3339,
    header::HEADER,
    user_agent::USER_AGENT,
    without_query::WITHOUT_QUERY,
    low_cardinality::LOW_CARDINALITY,
    upper::UPPER,
    lower::LOWER,
    default::DEFAULT,
    coalesce::COALESCE,
}

/// The function of this name.
pub(crate) fn find(name: &str) -> Option<&'static Definition> {
    ALL.iter().find(|function| function.name == name).copied()
}

/// Definition of a step of an expression. A step without one is a defect of its creator, which printing reports.
pub(crate) fn of(step: &model::Function) -> &'static Definition {
    find(step.name).unwrap_or(&NONE)
}

const NONE: Definition = Definition {
    print: |_, _, _| Err("there is no such function".into()),
    ..Definition::TEXT
};

/// Name of the function that gives this type to a value inside a Struct.
pub(crate) fn scalar_of(ty: &model::Type) -> Option<&'static str> {
    let is = |function: &&&Definition| function.scalar.as_ref().is_some_and(|s| (s.ty)() == *ty);
    ALL.iter().find(is).map(|function| function.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_function_is_called_like_its_usage_and_documented() {
        for (at, function) in ALL.iter().enumerate() {
            let name = function.name;
            assert_eq!(function.usage.split('(').next(), Some(name));
            assert!(
                !function.takes.is_empty()
                    && !function.input.is_empty()
                    && !function.output.is_empty()
            );
            assert_eq!(
                ALL.iter().position(|other| other.name == name),
                Some(at),
                "{name} is there twice"
            );
            let parameters = !function.parameters.is_empty();
            assert_eq!(function.usage.contains('('), parameters, "{name}");
        }
    }
}
