//! Instances with queues in Kafka, against a real cluster. Where there is none, they are left out, which
//! `cargo xtask test` says.

mod back;
mod kills;
mod pipeline;
mod restarts;
mod server;
pub(crate) mod support;
