//! A change that is refused, and what it is about. `syntax/places.rs` finds where that is declared.

/// A change that would lose or misread data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its stable code.
    pub code: &'static str,
    /// Declaration that it is about.
    pub place: Place,
    /// One sentence without a full stop.
    pub message: String,
    /// Suggested fix.
    pub help: String,
}

/// Declaration that a refused change is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A message or an enum, by full name.
    Type(String),
    /// A field of a message.
    Field(String, u32),
    /// A table.
    Table(String),
    /// A column of a table.
    Column(String, String),
    /// The tables as a whole.
    Tables,
    /// A path of keys in pipeline.yaml; the last of them that is there counts.
    Yaml(Vec<String>),
    /// No place in the declarations.
    Nowhere,
}
