//! Layout of a column, and its text limit.

/// Text limit of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextLimit {
    /// Limit, in bytes.
    pub bytes: u32,
    /// True if a row with a longer one is refused, rather than told of.
    pub enforce: bool,
}

/// Layout of a column's values in a Native block.
#[derive(Debug, Clone, Copy)]
pub enum Layout {
    /// Numbers, dates and booleans: this many bytes a value.
    Fixed(u8),
    /// `String`.
    Text,
    /// `LowCardinality(String)`, or `LowCardinality(Nullable(String))`.
    Dictionary {
        /// True if NULL is a value.
        nullable: bool,
    },
    /// `Nullable(T)`.
    Nullable(&'static Layout),
    /// `Array(T)`.
    Array(&'static Layout),
    /// `Map(K, V)`.
    Map(&'static Layout, &'static Layout),
    /// `JSON`.
    Json,
}
