//! What generated code is written against: the pipeline as data, the wire reader and the column buffers.
//!
//! This is the leaf of the server: it imports nothing else of the crate.

pub mod pipeline;
pub mod shape;

pub mod block;

pub mod row;
pub mod wire;

pub use block::Block;
pub use pipeline::*;
pub use row::{Bad, Context, DeadLetter, Group, Message};
pub use shape::{Field, Kind, Label, Shape};
