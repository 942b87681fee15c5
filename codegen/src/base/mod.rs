//! Foundations of the other layers: diagnostics with their places, names, hashes, and the tree of files.

pub mod diagnostic;
pub(crate) mod hash;
pub(crate) mod header;
pub mod literal;
pub(crate) mod markdown;
pub mod names;
pub mod parallel;
pub mod refusal;
pub(crate) mod rule;
pub(crate) mod time;
pub mod tree;
