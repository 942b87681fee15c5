//! Terminal output: diagnostics as drawings, rules as text.

pub mod draw;
pub mod explain;
