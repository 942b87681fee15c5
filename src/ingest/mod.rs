//! Ingest: from a request's bytes to confirmed messages: scan, grouping, pools, publisher and servers.

pub mod answer;
pub mod body;
mod clients;
pub mod cors;
mod deliveries;
mod denial;
pub mod dispatch;
mod dry_run;
pub mod encoding;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod group;
pub mod grpc;
mod grpc_web;
mod held;
pub mod http;
mod identity;
mod judge;
mod keeper;
mod kept_headers;
mod late;
mod media;
mod nowhere;
mod origin;
pub mod pool;
pub mod publisher;
pub mod quarantine;
pub mod raw;
pub mod reading;
pub mod response;
pub mod route;
pub(crate) mod seen;
pub mod sources;
pub mod status;
mod traced;
mod unary;
pub mod verify;
pub mod webhook;
mod weigh;

pub use publisher::Publisher;
pub use route::Limits;
pub use sources::{SetUpError, Sources};
