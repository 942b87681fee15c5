//! Views of the templates: names, types and statements as final text, made from the model.

pub mod append;
pub mod catalogue;
pub mod columns;
pub mod databases;
pub mod envelope;
pub mod function;
pub mod hooks;
mod late;
pub mod modules;
pub mod names;
mod partitions;
pub mod readers;
pub mod refused;
pub mod requests;
pub mod retired;
pub mod shapes;
pub mod sources;
pub mod tables;
pub mod topology;
pub mod values;
