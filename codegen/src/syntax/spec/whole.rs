//! The sections as a whole: without one of them, or with keys that are there twice, nothing else can be judged.

use super::Spec;
use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::rules::reading::{DUPLICATE_KEY, MISSING_KEY, UNKNOWN_KEY};

/// True if names can be looked up; else it was reported what keeps them from it.
pub(super) fn can_be_judged(spec: &Spec, out: &mut Diagnostics) -> bool {
    // An unknown section is a known one, misspelt; of two entries with one key, one was left out.
    let misread = |d: &Diagnostic| {
        d.code == DUPLICATE_KEY.code
            || (d.code == UNKNOWN_KEY.code && d.message.starts_with("the pipeline has no key"))
    };
    if out.any(misread) {
        return false;
    }
    let mut complete = true;
    for (section, name, used) in missing(spec) {
        let message = format!("the pipeline has no section `{section}`");
        out.push(
            Diagnostic::new(&MISSING_KEY, message)
                .at(used, format!("this needs an entry in `{section}`"))
                .help(format!("declare it: `{section}: {{ {name}: ... }}`")),
        );
        complete = false;
    }
    complete
}

/// Sections without an entry that others name: with the first name, and its place.
fn missing(spec: &Spec) -> Vec<(&'static str, &str, Span)> {
    let mut found = Vec::new();
    let of_sources = spec.sources.iter().flat_map(|s| s.exchange.iter());
    let of_queues = spec.queues.iter().flat_map(|q| q.bind.iter());
    let exchange = of_sources.chain(of_queues.map(|b| &b.exchange)).next();
    if let (true, Some(exchange)) = (spec.exchanges.is_empty(), exchange) {
        found.push(("exchanges", exchange.value.as_str(), exchange.span));
    }
    let is_request = |name: &str| spec.requests.iter().any(|r| r.name.value == name);
    let mut into = spec.queues.iter().filter_map(|q| q.into.as_ref());
    let into = into.find(|into| !is_request(&into.value));
    if let (true, Some(table)) = (spec.tables.is_empty(), into) {
        found.push(("tables", table.value.as_str(), table.span));
    }
    let takes_events = spec.tables.iter().find_map(|t| t.events.as_ref()?.first());
    if let (true, Some(event)) = (spec.sources.is_empty(), takes_events) {
        found.push(("sources", "app", event.span));
    }
    let has_queue = |t: &&super::Table| t.events.is_some() || t.dead_letters.is_some();
    let unfed = spec.tables.iter().find(|t| !has_queue(t));
    if let (true, Some(table)) = (spec.queues.is_empty(), unfed) {
        found.push(("queues", "NAME", table.name.span));
    }
    found
}
