//! Helpers of tests that start a server process, make a virtual host, or make certificates.

pub(crate) mod certificates;
pub(crate) mod server;
pub(crate) mod topology;
