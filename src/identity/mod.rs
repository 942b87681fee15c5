//! The ids of events and of JSON messages that come without one.

mod event;
mod message;

pub use event::Maker;
pub use message::{Declared, fields, of_object, of_request};
