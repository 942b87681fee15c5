//! The emitters: golden files, migrations in a real git repository, and the check.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bases;
mod branches;
mod clients;
mod cluster;
mod golden;
mod indexes;
mod locks;
mod merges;
mod migrations;
mod numbers;
mod postgres;
mod project;
mod rebuild;
mod refusals;
mod renamed;
mod repository;
mod retired;
mod schemas;
mod small;
mod tree;
mod versions;
mod walk;
