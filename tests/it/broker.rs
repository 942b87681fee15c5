//! The broker interface: what both implementations promise, and what each adds.

mod conformance;
mod embedded;
pub(crate) mod fixture;
mod kafka;
mod prefetch;
mod proxy;
pub(crate) mod rabbit;
mod rabbit_trouble;
