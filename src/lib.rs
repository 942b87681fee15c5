//! The event pipeline: from a request's bytes to rows that are stored.
//!
//! `ARCHITECTURE.md` tells the path of an event and what must stay true.
#![forbid(unsafe_code)]

pub mod listen;
pub mod metrics;
pub mod weight;

pub mod contract;
#[rustfmt::skip]
#[path = "../generated/mod.rs"]
pub mod generated;

pub mod broker;
pub mod hooks;
pub mod ingest;
pub mod sink;
pub mod worker;

pub mod ops;
pub mod traffic;

pub mod app;
pub mod cli;
