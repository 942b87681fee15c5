#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[allow(missing_docs, clippy::all, reason = "prost and tonic write it")]
mod generated;
mod key;

pub use generated::event;
pub use generated::event::event::EventOf;
pub use generated::event::event_service_client::EventServiceClient;
pub use generated::event::{Event, Events, Header, RejectCode, RejectedEvent, Response};
pub use key::WriteKey;
pub use prost;
pub use tonic;
