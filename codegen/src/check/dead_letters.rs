//! Checks of dead letters: each has a path, and every path ends in one table.

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::suggest;
use crate::model::{Input, Route};
use crate::resolve::Resolved;
use crate::resolve::routing;
use crate::rules::dead_letters::{
    DEAD_LETTER_LOOP, DEAD_LETTER_TABLE, NO_DEAD_LETTER, UNKNOWN_QUEUE,
};
use crate::syntax::spec::Located;

/// Checks the paths of dead letters.
pub(super) fn check(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    table(resolved, out);
    unmatched(resolved, out);
    for queue in &resolved.queues {
        if let (None, None | Some(Input::Events | Input::Json(_))) =
            (&queue.dead_letter, &queue.input)
        {
            // A queue that can't be resolved may still be one into the dead-letter table.
            let (Some(place), Some(_)) = (queue.place, queue.into) else {
                continue;
            };
            let message = format!("queue `{}` has no path for dead letters", queue.name);
            let found = Diagnostic::new(&NO_DEAD_LETTER, message).at(place, "no `dead_letter`");
            let example = resolved.spec.exchanges.iter().map(|e| &e.name.value);
            out.push(match example.max_by_key(|name| name.contains("error")) {
                Some(exchange) => found.help(format!("for example `dead_letter: {exchange}`")),
                None => found,
            });
        }
        if let Some(route) = &queue.dead_letter {
            circle(
                route,
                &format!("the dead letters of queue `{}`", queue.name),
                resolved,
                out,
            );
        }
    }
    for source in &resolved.sources {
        if let Some(route) = &source.rejects {
            let what = format!(
                "the events that source `{}` refuses",
                source.spec.name.value
            );
            circle(route, &what, resolved, out);
        }
    }
}

/// A declared queue into the dead-letter table whose binding matches no dead letter.
fn unmatched(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    let letters = resolved
        .queues
        .iter()
        .filter_map(|q| q.dead_letter.as_ref());
    let rejects = resolved.sources.iter().filter_map(|s| s.rejects.as_ref());
    let routes: Vec<&Route> = letters.chain(rejects).map(|r| &r.value).collect();
    let declared = resolved.queues.iter().filter(|q| !q.derived);
    for queue in declared.filter(|q| matches!(q.input, Some(Input::DeadLetters))) {
        for binding in &queue.bindings {
            let Some(kind) = resolved.kind(&binding.value.exchange) else {
                continue;
            };
            let key = &binding.value.routing_key;
            let mut here = routes
                .iter()
                .filter(|r| r.exchange == binding.value.exchange);
            if here
                .clone()
                .any(|r| routing::matches(Some(kind), key, &r.routing_key))
            {
                continue;
            }
            let exchange = &binding.value.exchange;
            let message = format!("no dead letter is sent to `{exchange}` with the key `{key}`");
            let found = Diagnostic::new(&UNKNOWN_QUEUE, message)
                .at(binding.span, "matches no queue's dead letters");
            out.push(match here.next() {
                Some(first) => {
                    let keys = std::iter::once(first).chain(here);
                    let keys = keys.map(|r| r.routing_key.as_str());
                    found.help(suggest(key, keys, "keys of dead letters"))
                }
                None => found.help(format!("no queue has `dead_letter: {exchange}`")),
            });
        }
    }
}

fn circle(route: &Located<Route>, what: &str, resolved: &Resolved<'_>, out: &mut Diagnostics) {
    if resolved.kind(&route.value.exchange).is_none() {
        return;
    }
    for (queue, binding) in resolved.reached(&route.value) {
        if matches!(queue.input, Some(Input::Events | Input::Json(_))) {
            let message = format!(
                "{what} (key `{}`) come back in through queue `{}`",
                route.value.routing_key, queue.name
            );
            out.push(
                Diagnostic::new(&DEAD_LETTER_LOOP, message)
                    .at(route.span, "sent from here")
                    .and(Some(binding.span), "taken here")
                    .help("use an exchange or a key that only queues of the dead-letter table are bound to"),
            );
        }
    }
}

fn table(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    let spec = resolved.spec;
    let mut tables = spec.tables.iter().filter(|t| t.dead_letters.is_some());
    let Some(first) = tables.next() else {
        let found = Diagnostic::new(&DEAD_LETTER_TABLE, "no table keeps dead letters")
            .help("give one table `dead_letters: true`; see `cargo xtask explain EG028`");
        out.push(match spec.end {
            Some(end) => found.at(end, "no `dead_letters: true` up to here"),
            None => found,
        });
        return;
    };
    for other in tables {
        if let Some(place) = other.dead_letters {
            out.push(
                Diagnostic::new(&DEAD_LETTER_TABLE, "two tables keep dead letters")
                    .at(place, "again here")
                    .and(first.dead_letters, "first here"),
            );
        }
    }
    for table in spec.tables.iter().filter(|t| t.dead_letters.is_some()) {
        if let Some(event) = table.events.iter().flatten().next() {
            out.push(
                Diagnostic::new(
                    &DEAD_LETTER_TABLE,
                    "the dead-letter table accepts every event type",
                )
                .at(event.span, "accepts all types")
                .and(table.dead_letters, "keeps dead letters"),
            );
        }
        for queue in &spec.queues {
            let into = queue
                .into
                .as_ref()
                .filter(|into| into.value == table.name.value);
            let letter = queue
                .dead_letter
                .as_ref()
                .map(|d| ("dead_letter", &d.exchange));
            let message = queue.message.as_ref().map(|m| ("message", m));
            for (key, value) in letter.into_iter().chain(message) {
                if let Some(into) = into {
                    let text = format!("a queue into the dead-letter table has no `{key}`");
                    out.push(
                        Diagnostic::new(&DEAD_LETTER_TABLE, text)
                            .at(value.span, "leave this out")
                            .and(Some(into.span), "the last resort"),
                    );
                }
            }
        }
    }
}
