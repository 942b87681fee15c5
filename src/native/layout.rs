//! How a column is laid out, and how long its texts may be.

/// The longest text of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextLimit {
    /// Its bytes.
    pub bytes: u32,
    /// Whether a row with a longer one is refused, rather than told of.
    pub enforce: bool,
}

/// How a column's values are laid out in a Native block.
#[derive(Debug, Clone, Copy)]
pub enum Layout {
    /// Numbers, dates and booleans: this many bytes a value.
    Fixed(u8),
    /// `String`.
    Text,
    /// `LowCardinality(String)`, or `LowCardinality(Nullable(String))`.
    Dictionary {
        /// Whether NULL is a value.
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
