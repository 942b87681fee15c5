//! What generated Rust says of a table because of the store that it is in.

/// What generated Rust says of a table because of the store that it is in.
#[derive(Debug, Default)]
pub struct Rust {
    /// The table's `Storage`, as an expression.
    pub storage: String,
    /// An item that the expression refers to; empty for none.
    pub item: String,
}
