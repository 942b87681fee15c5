//! The rules: each with a stable code, one sentence on what it is for, and examples. `cargo xtask explain CODE`
//! shows them, and `tests/diagnostics/CODE-name/` holds a pipeline that breaks each.
//!
//! Rules about reading and looking up are found in the phases that read and look up; the others are functions
//! here, over the resolved pipeline.

pub(crate) mod columns;
pub(crate) mod coverage;
pub(crate) mod databases;
pub(crate) mod dead_letters;
pub(crate) mod feeding;
pub(crate) mod history;
pub(crate) mod ids;
pub(crate) mod keys;
pub(crate) mod limits;
pub(crate) mod names;
pub(crate) mod postgres;
pub(crate) mod reading;
pub(crate) mod requests;
pub(crate) mod routing;
pub(crate) mod webhooks;

use crate::diagnostic::Diagnostics;
use crate::resolve::Resolved;

/// A rule that declarations must keep.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Never changes and is never reused.
    pub(crate) code: &'static str,
    /// A few words in kebab case.
    pub(crate) name: &'static str,
    /// One sentence.
    pub(crate) purpose: &'static str,
    /// Why, and what to do.
    pub(crate) text: &'static str,
    /// What breaks it.
    pub(crate) bad: &'static str,
    /// What keeps it.
    pub(crate) good: &'static str,
}

/// Every rule, by code.
pub(crate) fn rules() -> Vec<&'static Rule> {
    let groups = [
        reading::RULES,
        names::RULES,
        routing::RULES,
        dead_letters::RULES,
        feeding::RULES,
        columns::RULES,
        keys::RULES,
        limits::RULES,
        postgres::RULES,
        coverage::RULES,
        databases::RULES,
        history::RULES,
        requests::RULES,
        webhooks::RULES,
        ids::RULES,
    ];
    let mut rules: Vec<_> = groups.into_iter().flatten().copied().collect();
    rules.sort_by_key(|rule| rule.code);
    rules
}

/// Checks everything that is left to check once names are looked up.
pub(crate) fn all(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    names::check(resolved, out);
    routing::check(resolved, out);
    dead_letters::check(resolved, out);
    feeding::check(resolved, out);
    columns::check(resolved, out);
    keys::check(resolved, out);
    limits::check(resolved, out);
    postgres::check(resolved, out);
    coverage::check(resolved, out);
    databases::check(resolved.spec, out);
    requests::check(resolved, out);
    webhooks::check(resolved, out);
    ids::check(resolved, out);
}
