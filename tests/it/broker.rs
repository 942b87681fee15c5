//! The broker interface: what both implementations promise, and what each adds.

mod conformance;
mod embedded;
mod fixture;
mod prefetch;
mod proxy;
mod rabbit;
mod rabbit_trouble;
