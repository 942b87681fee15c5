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
mod catalogue;
mod catalogue_page;
mod chromium;
mod clickhouse;
mod clients;
mod clusters;
mod config;
mod content;
mod cutover;
mod deploy;
mod dlq;
mod doctor;
mod engine;
mod find;
mod forward;
mod http;
mod ingest;
mod kafka;
mod kinds;
mod late;
mod ledger;
mod live;
mod log;
mod metrics;
mod ops;
mod partitions;
mod postgres;
mod proto_json;
mod python;
mod scan;
mod schemas;
mod secrets;
mod sentry;
mod shards;
mod support;
mod switches;
mod tap;
mod tidy;
mod tls;
mod tls_servers;
mod top;
mod topology;
mod traces;
mod transform;
mod trials;
mod unknown;
mod walk;
mod wire;

// The generator's golden files are written against this.
use event_grpc::contract;
