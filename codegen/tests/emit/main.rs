//! The emitters: golden files, migrations in a real git repository, and the check.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod branches;
mod golden;
mod migrations;
mod postgres;
mod project;
mod rebuild;
mod refusals;
mod retired;
mod schemas;
mod small;
mod tree;
mod walk;
