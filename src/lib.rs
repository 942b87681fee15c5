//! The event pipeline: from a request's bytes to rows that are stored.
//!
//! `ARCHITECTURE.md` tells the path of an event and what must stay true.
#![forbid(unsafe_code)]

pub mod build;
pub mod capacity;
pub mod client;
pub mod host;
pub mod http_client;
pub mod kafka;
pub mod listen;
pub mod metrics;
pub mod plain;
pub mod rate;
pub mod reread;
pub mod row_error;
pub mod sentry;
pub mod time;
pub mod tls;
pub mod trace;
pub mod weight;
pub mod yaml;

pub mod dead_letter;
pub mod json;
pub mod native;
pub mod protobuf;
pub mod unknown;

pub mod contract;
pub mod events;
pub mod function;
pub mod identity;
pub mod late;
pub mod proto_json;
pub mod tap;
#[rustfmt::skip]
#[path = "../generated/mod.rs"]
pub mod generated;

pub mod access;
pub mod broker;
pub mod grpc;
pub mod health;
pub mod hooks;
pub mod ingest;
pub mod sink;
pub mod switches;
pub mod worker;

pub mod ops;
pub mod traffic;

pub mod app;
pub mod cli;

#[cfg(any(test, fuzzing))]
pub mod fuzzing;
