//! Storing in a real ClickHouse: what arrives, what is stored once, and what each kind of failure looks like.

pub(crate) mod support;

mod faults;
mod health;
mod indexes;
mod keys;
mod migrate;
mod rebuild;
mod renamed;
mod store;
