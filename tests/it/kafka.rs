//! Instances with queues in Kafka, against a real cluster. Where there is none, they are left out, which
//! `cargo xtask test` says.

mod back;
mod foreign;
mod gaps;
mod keys;
mod kills;
mod logs;
mod pipeline;
mod restarts;
mod secured;
mod server;
pub(crate) mod support;
pub(crate) mod topics;
