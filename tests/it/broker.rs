//! The broker interface: what both implementations promise, and what each adds.

mod conformance;
mod embedded;
mod fixture;
