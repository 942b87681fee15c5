//! Environments of an instance: tables of other engines, older servers, narrow rights, other tools' tables, failovers,
//! delivery limits.

mod engines;
mod failover;
mod marks;
mod proxy;
mod returns;
mod rights;
mod settings;
