//! Dead letters: messages that could not be stored, with the reason and everything that a replay needs.
//!
//! The [`Record`] is one type. It travels in AMQP headers ([`Record::to_headers`], [`Record::from_headers`]) beside the
//! original message, and both together are a row of the dead-letter table ([`DeadLetter`]). [`Class`] is the cause, and
//! [`History`] is what a replayed message carries of its failures before.

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
