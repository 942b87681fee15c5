//! What is told to people at a terminal: diagnostics as drawings, rules as text.

pub mod draw;
pub mod explain;
