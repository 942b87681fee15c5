//! From a request's bytes to confirmed messages: the scan, the grouping, the pools, the publisher and the servers.

pub mod group;
pub mod scan;
pub mod well_formed;
