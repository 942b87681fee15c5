//! The protobuf wire format without decoding messages: reader, writer, shapes of messages, and their canonical order.

mod at;
pub mod canonical;
pub mod content;
mod shape;
pub mod timestamp;
pub mod well_formed;
pub mod wire;
pub mod writer;

pub use at::At;
pub use shape::{Field, Kind, Label, RetiredField, Shape, first_name};
