//! A function in generated Rust.

use serde::Serialize;

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
