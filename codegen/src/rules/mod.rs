//! The rules: each with a stable code, one sentence on what it is for, and examples. `cargo xtask explain CODE`
//! shows them, and `tests/diagnostics/CODE-name/` holds a pipeline that breaks each.

pub(crate) mod browsers;
pub(crate) mod clusters;
pub(crate) mod columns;
pub(crate) mod contracts;
pub(crate) mod coverage;
pub(crate) mod databases;
pub(crate) mod dead_letters;
pub(crate) mod feeding;
pub(crate) mod history;
pub(crate) mod ids;
pub(crate) mod kafka;
pub(crate) mod keys;
pub(crate) mod limits;
pub(crate) mod names;
pub(crate) mod operations;
pub(crate) mod partitions;
pub(crate) mod postgres;
pub(crate) mod reading;
pub(crate) mod requests;
pub(crate) mod routing;
pub(crate) mod sql;
pub(crate) mod targets;
pub(crate) mod webhooks;

use crate::base::rule::Rule;

/// All rules, by code.
pub(crate) fn all() -> Vec<&'static Rule> {
    let groups = [
        reading::RULES,
        names::RULES,
        routing::RULES,
        dead_letters::RULES,
        feeding::RULES,
        columns::RULES,
        keys::RULES,
        sql::RULES,
        limits::RULES,
        postgres::RULES,
        coverage::RULES,
        databases::RULES,
        clusters::RULES,
        history::RULES,
        contracts::RULES,
        requests::RULES,
        targets::RULES,
        webhooks::RULES,
        ids::RULES,
        browsers::RULES,
        kafka::RULES,
        partitions::RULES,
        operations::RULES,
    ];
    let mut rules: Vec<_> = groups.into_iter().flatten().copied().collect();
    rules.sort_by_key(|rule| rule.code);
    rules
}
