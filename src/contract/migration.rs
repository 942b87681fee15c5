//! A migration as data.

/// A migration of a schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its file name, which sorts by time.
    pub name: &'static str,
    /// Its statements, separated by `;` at the end of a line.
    pub sql: &'static str,
}
