//! Inputs: the content of queues, and so of tables.

use super::{Queue, Resolved, Source, Table, sources};
use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::base::names::suggest;
use crate::model::{Destination, Input, Intake, Route};
use crate::resolve::routing;
use crate::rules::feeding::{MIXED_INPUT, UNKNOWN_INPUT};
use crate::rules::names::UNKNOWN_EVENT;
use crate::rules::routing::UNMATCHED_BINDING;
use crate::store::Declared;
use crate::syntax::spec::{self, Located};
use crate::syntax::yaml::Text;

/// Input of a declared queue: its `message`, or what the sources publish that its bindings match.
pub(super) fn of_queue(
    resolved: &Resolved<'_>,
    queue: &spec::Queue,
    bindings: &[Located<Route>],
    table: Option<usize>,
    out: &mut Diagnostics,
) -> Option<Input> {
    let into = table.and_then(|index| resolved.spec.tables.get(index));
    if into.is_some_and(|t| t.dead_letters.is_some()) {
        return Some(Input::DeadLetters);
    }
    let mut found: Vec<(Input, Span)> = Vec::new();
    if let Some(name) = &queue.message {
        found.push((declared(resolved, name, out)?, name.span));
    }
    let is_foreign = queue
        .kafka
        .as_ref()
        .is_some_and(|kafka| kafka.source.is_some());
    let mut unmatched = Vec::new();
    let mut unclear = bindings
        .iter()
        .any(|b| resolved.kind(&b.value.exchange).is_none());
    for source in &resolved.sources {
        let Some(exchange) = &source.spec.exchange else {
            continue;
        };
        let bound: Vec<_> = bindings
            .iter()
            .filter(|b| b.value.exchange == exchange.value)
            .collect();
        let (Some(input), false) = (of_source(source), bound.is_empty()) else {
            unclear |= !bound.is_empty();
            continue;
        };
        let kind = resolved.kind(&exchange.value);
        let keys = resolved.keys(source);
        let matches = |binding: &&&Located<Route>| match &keys {
            Some(keys) => keys
                .iter()
                .any(|key| routing::matches(kind, &binding.value.routing_key, key)),
            None => true,
        };
        if bound.iter().any(|b| matches(&b)) {
            found.push((input, exchange.span));
        } else if let Some(binding) = bound.first() {
            unmatched.push((*binding, keys.unwrap_or_default(), exchange.span));
        }
    }
    let Some((input, place)) = found.first() else {
        if let Some((binding, keys, source)) = unmatched.first() {
            out.push(no_match(&queue.name.value, binding, keys, *source));
        } else if !unclear && (!bindings.is_empty() || is_foreign) {
            out.push(unknown(queue));
        }
        return None;
    };
    if let Some((other, other_place)) = found.iter().find(|(other, _)| !same(input, other)) {
        let message = format!(
            "the messages of queue `{}` are of two kinds",
            queue.name.value
        );
        out.push(
            Diagnostic::new(&MIXED_INPUT, message)
                .at(*other_place, format!("{} from here", name(other)))
                .and(Some(*place), format!("{} from here", name(input)))
                .help("give each kind a queue of its own"),
        );
        return None;
    }
    Some(input.clone())
}

/// The tables, with what they say of their `stores` and what their rows are made from.
pub(super) fn tables<'a>(
    resolved: &Resolved<'a>,
    stores: Vec<Box<dyn Declared>>,
    out: &mut Diagnostics,
) -> Vec<Table<'a>> {
    resolved
        .spec
        .tables
        .iter()
        .zip(stores)
        .enumerate()
        .map(|(index, (table, store))| Table {
            spec: table,
            store,
            input: of_table(resolved, index, table, out),
            types: types(resolved, table, out),
            types_known: table.events.iter().flatten().all(|e| is_type(resolved, e)),
            columns: Vec::new(),
            taken: Vec::new(),
            complete: false,
        })
        .collect()
}

fn of_table(
    resolved: &Resolved<'_>,
    index: usize,
    table: &spec::Table,
    out: &mut Diagnostics,
) -> Option<Input> {
    if table.dead_letters.is_some() {
        return Some(Input::DeadLetters);
    }
    let mut feeding = resolved
        .queues
        .iter()
        .filter(|q| q.into == Some(Destination::Table(index)))
        .filter_map(|q| Some((q, q.input.clone()?)));
    if table.events.is_some() {
        if let Some((queue, _)) = feeding.next() {
            let message = format!("table `{}` is fed by a queue of its own", table.name.value);
            out.push(misfit(
                message,
                queue,
                resolved,
                Some(table.name.span),
                "has `events`",
            ));
        }
        return resolved.envelope.as_ref().map(|_| Input::Events);
    }
    let (first, input) = feeding.next()?;
    for (queue, other) in feeding {
        if !same(&input, &other) {
            let message = format!(
                "table `{}` can't take {} as well as {}",
                table.name.value,
                name(&other),
                name(&input)
            );
            let label = format!("{} from this queue", name(&input));
            out.push(misfit(message, queue, resolved, first.place, &label));
        }
    }
    Some(input)
}

fn misfit(
    message: String,
    queue: &Queue,
    resolved: &Resolved<'_>,
    other: Option<Span>,
    label: &str,
) -> Diagnostic {
    let into = resolved
        .spec
        .queue(&queue.name)
        .and_then(|q| q.into.as_ref());
    let found = Diagnostic::new(&MIXED_INPUT, message).and(other, label);
    match into {
        Some(into) => found.at(into.span, "does not fit here"),
        None => found,
    }
}

/// The numbers of the event types that a table takes, ascending.
fn types(resolved: &Resolved<'_>, table: &spec::Table, out: &mut Diagnostics) -> Vec<u32> {
    let known = resolved.envelope.iter().flat_map(|e| &e.types);
    let Some(events) = &table.events else {
        return known.map(|(number, _)| *number).collect();
    };
    if resolved.envelope.is_none() {
        // A missing input, or a table that nothing feeds, is reported elsewhere.
        return Vec::new();
    }
    let mut types = Vec::new();
    for event in events {
        match known.clone().find(|(_, m)| m.name() == event.value) {
            Some((number, _)) => types.push(*number),
            None => {
                let names = known.clone().map(|(_, m)| m.name());
                let message = format!("there is no event type `{}`", event.value);
                let help = if_retired(resolved, table, event, events.len());
                out.push(
                    Diagnostic::new(&UNKNOWN_EVENT, message)
                        .at(event.span, "no such event type")
                        .help(help.unwrap_or_else(|| suggest(&event.value, names, "event types"))),
                );
            }
        }
    }
    types.sort_unstable();
    types.dedup();
    types
}

/// What to do with a table that names an event type which is retired; none if that isn't.
fn if_retired(
    resolved: &Resolved<'_>,
    table: &spec::Table,
    event: &Text,
    events: usize,
) -> Option<String> {
    let key = format!("event {}", event.value);
    let retired = &resolved.spec.retired;
    let entry = retired.iter().find(|retired| retired.key == key)?;
    Some(match events {
        1 => format!(
            "it is retired, and the only one of the table: take the table out, and retire it and its queue; its rows stay: \
             `{{ table: {}, since: {}, why: ... }}`, `{{ queue: {}, since: {}, why: ... }}`",
            table.name.value,
            entry.since,
            table.queue_name(),
            entry.since
        ),
        _ => "it is retired: take it out of `events`; its binding is retired with it, and its columns need entries of their own"
            .to_owned(),
    })
}

fn is_type(resolved: &Resolved<'_>, event: &Text) -> bool {
    let mut known = resolved.envelope.iter().flat_map(|e| &e.types);
    known.any(|(_, message)| message.name() == event.value)
}

fn declared(resolved: &Resolved<'_>, name: &Text, out: &mut Diagnostics) -> Option<Input> {
    let message = sources::message(name, resolved.proto, out)?;
    let events = |e: &crate::model::Envelope| e.request == message || e.batch == message;
    Some(match &resolved.envelope {
        Some(envelope) if events(envelope) => Input::Events,
        _ => Input::Json(message),
    })
}

fn of_source(source: &Source<'_>) -> Option<Input> {
    Some(match source.intake.as_ref()? {
        Intake::Grpc { .. } => Input::Events,
        Intake::Post { message, .. } => Input::Json(message.clone()),
    })
}

pub(super) fn same(one: &Input, other: &Input) -> bool {
    match (one, other) {
        (Input::Json(one), Input::Json(other)) => one == other,
        (Input::Events, Input::Events) | (Input::DeadLetters, Input::DeadLetters) => true,
        _ => false,
    }
}

pub(super) fn name(input: &Input) -> String {
    match input {
        Input::Events => "app events".to_owned(),
        Input::Json(message) => format!("`{}` as JSON", message.full_name()),
        Input::DeadLetters => "dead letters".to_owned(),
    }
}

fn no_match(queue: &str, binding: &Located<Route>, keys: &[String], source: Span) -> Diagnostic {
    let key = &binding.value.routing_key;
    let message =
        format!("no message is published that `{key}` matches, so queue `{queue}` stays empty");
    Diagnostic::new(&UNMATCHED_BINDING, message)
        .at(binding.span, "matches no routing key")
        .and(Some(source), "this source publishes to the exchange")
        .help(suggest(
            key,
            keys.iter().map(String::as_str),
            "routing keys",
        ))
}

fn unknown(queue: &spec::Queue) -> Diagnostic {
    let message = format!(
        "the type of the messages of queue `{}` is unknown",
        queue.name.value
    );
    let found = Diagnostic::new(&UNKNOWN_INPUT, message);
    let source = queue.kafka.as_ref().and_then(|kafka| kafka.source.as_ref());
    let found = match source {
        Some(source) => found.at(source.span, "what other services write there isn't said"),
        None => found.at(queue.name.span, "no source publishes to its exchanges"),
    };
    found.help("name their message: `message: package.Message`")
}
