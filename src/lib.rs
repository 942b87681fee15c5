//! The event pipeline: from a request's bytes to rows that are stored.
#![forbid(unsafe_code)]

pub mod broker;
pub mod contract;
pub mod ingest;
pub mod ops;
pub mod sink;
pub mod worker;

#[rustfmt::skip]
#[path = "../generated/mod.rs"]
pub mod generated;
