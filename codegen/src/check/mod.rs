//! Checks of the resolved pipeline.
//!
//! Rules about reading and looking up are checked by the layers that read and look up; the others are functions
//! here, over the resolved pipeline.

pub(crate) mod cascade;
mod clusters;
mod columns;
mod coverage;
mod databases;
mod dead_letters;
mod feeding;
mod given;
mod ids;
mod kafka;
mod limits;
mod names;
mod operations;
mod partitions;
mod requests;
mod routing;
mod stores;
mod targets;
mod webhooks;

use crate::base::diagnostic::Diagnostics;
use crate::resolve::Resolved;

/// Checks everything that is left to check once names are looked up.
pub(crate) fn all(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    names::check(resolved, out);
    routing::check(resolved, out);
    partitions::check(resolved, out);
    dead_letters::check(resolved, out);
    feeding::check(resolved, out);
    columns::check(resolved, out);
    stores::check(resolved, out);
    limits::check(resolved, out);
    coverage::check(resolved, out);
    databases::check(resolved, out);
    clusters::check(resolved, out);
    requests::check(resolved, out);
    targets::check(resolved, out);
    webhooks::check(resolved, out);
    ids::check(resolved, out);
    kafka::check(resolved, out);
    operations::check(resolved, out);
}
