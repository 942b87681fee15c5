//! Messages and app events that are forwarded to an HTTP API, which misbehaves, or to a topic.

mod answers;
mod best_effort;
mod breaker;
mod events;
mod ids;
mod instance;
mod pace;
mod rabbit;
pub(crate) mod server;
pub(crate) mod support;
mod targets;
mod topic;
mod trouble;
mod webengage;
