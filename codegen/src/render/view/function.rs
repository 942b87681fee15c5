//! A function in generated Rust.

use serde::Serialize;

use crate::render::imports::mentions;

/// A function of a table or a request.
#[derive(Debug, Serialize)]
pub struct FunctionView {
    /// Its documentation.
    pub doc: String,
    /// From `fn` to the opening brace.
    pub head: String,
    /// Its statements.
    pub lines: Vec<String>,
}

/// The functions that append to a table.
#[derive(Debug)]
pub struct Functions {
    /// The one that gets every input.
    pub append: FunctionView,
    /// Those that it chooses among by an event's type, if it does.
    pub by_type: Vec<TypeView>,
}

impl Functions {
    /// A function for whatever input.
    pub fn of_all(append: FunctionView) -> Self {
        Functions {
            append,
            by_type: Vec::new(),
        }
    }
}

/// How events of one type get into a table.
#[derive(Debug, Serialize)]
pub struct TypeView {
    /// Its Rust module.
    pub module: String,
    /// The table's name.
    pub table: String,
    /// What it does.
    pub function: FunctionView,
}

/// What computes a routing key or a partition key.
#[derive(Debug, Serialize)]
pub struct KeyFunction {
    /// The parameter: the message, named by whether it is used.
    pub parameter: &'static str,
    /// Body of the function.
    pub key: String,
}

/// A function with this value, whose parameter is named by whether it is used.
pub(super) fn key_function(key: String) -> KeyFunction {
    let lines = [key];
    let parameter = match mentions(&lines, "message") {
        true => "message",
        false => "_message",
    };
    let [key] = lines;
    KeyFunction { parameter, key }
}
