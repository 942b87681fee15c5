//! Output: diagnostics as drawings and for tools of code review, rules as text.

pub mod draw;
pub mod explain;
pub mod sarif;
