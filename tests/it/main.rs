//! The integration tests: one binary, real servers.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod app;
mod broker;
mod canonical;
mod clickhouse;
mod engine;
mod http;
mod ingest;
mod scan;
mod tidy;
mod transform;
