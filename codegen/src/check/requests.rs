//! Checks of requests: where messages are forwarded, as what, and what answers mean.

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::is_identifier;
use crate::model::Destination;
use crate::resolve::Resolved;
use crate::rules::reading::CONFLICTING_KEYS;
use crate::rules::requests::{DESTINATION_NAME, UNUSED_REQUEST};
use crate::syntax::spec;

/// Checks names, what feeds requests, and what their queues can't have.
pub(super) fn check(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    let spec = resolved.spec;
    for request in &spec.requests {
        let name = &request.name;
        let table = spec.tables.iter().find(|t| t.name.value == name.value);
        if let Some(table) = table {
            let message = format!("a table and a request are called `{}`", name.value);
            out.push(
                Diagnostic::new(&DESTINATION_NAME, message)
                    .at(name.span, "the request")
                    .and(Some(table.name.span), "the table"),
            );
        }
        if !is_identifier(&name.value) {
            let message = format!("`{}` can't be the name of a request", name.value);
            out.push(
                Diagnostic::new(&DESTINATION_NAME, message)
                    .at(name.span, "not an identifier")
                    .help("letters, digits and underscores, not beginning with a digit, at most 64 of them"),
            );
        }
    }
    // A queue whose destination is unknown may be the one that was meant to feed it.
    let unclear = resolved.queues.iter().any(|queue| queue.into.is_none());
    for (at, request) in spec.requests.iter().enumerate() {
        let mut feeding = resolved
            .queues
            .iter()
            .filter(|queue| queue.into == Some(Destination::Request(at)));
        let name = &request.name;
        // If a table has the same name, the queue may be meant for the request.
        let confused = spec.tables.iter().any(|t| t.name.value == name.value);
        if !unclear && !confused && feeding.next().is_none() {
            let message = format!("no queue uses request `{}`", name.value);
            out.push(
                Diagnostic::new(&UNUSED_REQUEST, message)
                    .at(name.span, "no queue goes into it")
                    .help(format!("add a queue with `into: {}`", name.value)),
            );
        }
    }
    for queue in &resolved.queues {
        let Some(Destination::Request(_)) = queue.into else {
            continue;
        };
        let Some(declared) = spec.queue(&queue.name) else {
            continue;
        };
        if let Some(place) = batch(&declared.settings) {
            let message = "a queue into a request has no `batch`";
            out.push(
                Diagnostic::new(&CONFLICTING_KEYS, message)
                    .at(place, "what it holds is sent one by one")
                    .and(declared.into.as_ref().map(|into| into.span), "a request"),
            );
        }
    }
}

fn batch(settings: &spec::Settings) -> Option<crate::base::diagnostic::Span> {
    let all = [&settings.rows, &settings.bytes, &settings.delay];
    all.into_iter().flatten().map(|setting| setting.span).next()
}
