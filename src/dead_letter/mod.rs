//! Dead letters: messages that could not be stored, with the record of why and what it takes to send them again.
//!
//! The record is one type. It travels in headers ([`Record::to_headers`], [`Record::from_headers`]) beside the message
//! that it is about, and is a row of the dead-letter table together with it ([`DeadLetter`]). What a message has been
//! through before it was sent again is its [`History`].

mod class;
pub mod headers;
mod history;
mod id;
mod record;

pub use class::{Blame, Class, Replay};
pub use headers::Value;
pub use history::{Failures, History};
pub use id::letter_id;
pub use record::{DeadLetter, FIELDS, FieldKind, Record};
