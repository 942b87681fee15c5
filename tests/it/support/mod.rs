//! Helpers of tests that start a server process, or make a virtual host.

pub(crate) mod server;
pub(crate) mod topology;
