//! A client of event-grpc for programs that send app events.
#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[allow(missing_docs, clippy::all, reason = "prost and tonic write it")]
mod generated {
    #[rustfmt::skip]
    pub mod proto;
}
mod key;

pub use generated::proto::event;
pub use generated::proto::event::event::EventOf;
pub use generated::proto::event::event_service_client::EventServiceClient;
pub use generated::proto::event::{Event, Events, Header, RejectCode, RejectedEvent, Response};
pub use key::WriteKey;
pub use prost;
pub use tonic;
