//! Queues: the declared ones, those of typed tables, and those that end every dead-letter path.

use super::sources::{exchange, located};
use super::{Queue, Resolved, Settings, UNROUTED, identity, inputs, kafka, partitions, requests};
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::suggest;
use crate::model::{self, Destination, IdFrom, Input, Intake, Route};
use crate::rules::names::UNKNOWN_TABLE;
use crate::syntax::spec::{self, Located};
use crate::syntax::yaml::Text;

/// Holds the dead letters for which no queue is declared.
const ERRORS: &str = "event_grpc.errors";
/// Holds the messages that no binding matched.
const UNROUTED_QUEUE: &str = "event_grpc.unrouted_q";

/// The most rows that a message of app events holds: the publisher's limit.
const ROWS_OF_EVENTS: u64 = 4096;

/// The queues of the file.
pub(super) fn declared(resolved: &Resolved<'_>, out: &mut Diagnostics) -> Vec<Queue> {
    let spec = resolved.spec;
    let mut queues = Vec::new();
    for queue in &spec.queues {
        let mut named = Vec::new();
        for exchange in queue.bind.iter().map(|b| &b.exchange) {
            // Several keys on one exchange are one mention of it.
            if !named.contains(&exchange.span) {
                named.push(exchange.span);
                self::exchange(exchange, spec, out);
            }
        }
        let into = queue.into.as_ref().and_then(|into| {
            let table = spec.tables.iter().position(|t| t.name.value == into.value);
            let found = table
                .map(Destination::Table)
                .or_else(|| requests::position(spec, &into.value));
            if found.is_none() {
                out.push(unknown(into, spec));
            }
            found
        });
        let table = match into {
            Some(Destination::Table(at)) => Some(at),
            _ => None,
        };
        let bindings: Vec<_> = queue
            .bind
            .iter()
            .map(|b| located(&b.exchange, b.key.value.clone(), b.key.span))
            .collect();
        let input = inputs::of_queue(resolved, queue, &bindings, table, out);
        let of_kafka = kafka::topic(
            spec,
            &queue.name.value,
            queue.kafka.as_ref(),
            &bindings,
            queue.message.is_some(),
        );
        queues.push(Queue {
            name: queue.name.value.clone(),
            place: Some(queue.name.span),
            id: identity::of_queue(resolved, queue, &bindings, input.as_ref(), out),
            partitions: partitions::resolve(resolved, &queue.partitions, &of_kafka, &input, out),
            foreign: kafka::foreign(queue.kafka.as_ref(), input.as_ref()),
            input,
            kafka: of_kafka,
            typed: queue.settings.quorum.as_ref().map(|quorum| quorum.span),
            bindings,
            dead_letter: dead_letter(&queue.name.value, queue.dead_letter.as_ref()),
            settings: settings(&queue.settings, &spec.defaults),
            into,
            derived: false,
        });
    }
    for letter in letters(spec) {
        exchange(&letter.exchange, spec, out);
    }
    queues
}

fn unknown(into: &Text, spec: &spec::Spec) -> Diagnostic {
    let tables = spec.tables.iter().map(|t| t.name.value.as_str());
    let (message, label, known) = match spec.requests.as_slice() {
        [] => (
            format!("table `{}` is not declared", into.value),
            "no such table",
            suggest(&into.value, tables, "declared tables"),
        ),
        requests => (
            format!("no table or request `{}` is declared", into.value),
            "no such destination",
            suggest(
                &into.value,
                tables.chain(requests.iter().map(|r| r.name.value.as_str())),
                "declared tables and requests",
            ),
        ),
    };
    Diagnostic::new(&UNKNOWN_TABLE, message)
        .at(into.span, label)
        .help(known)
}

/// A queue for each typed table, bound to the keys of its types.
pub(super) fn of_typed_tables(resolved: &Resolved<'_>, out: &mut Diagnostics) -> Vec<Queue> {
    let spec = resolved.spec;
    let mut queues = Vec::new();
    for (index, table) in resolved.tables.iter().enumerate() {
        let Some(events) = &table.spec.events else {
            continue;
        };
        let name = table.spec.queue_name();
        let mut bindings: Vec<Located<Route>> = Vec::new();
        for source in &resolved.sources {
            let (Some(Intake::Grpc { .. }), Some(exchange)) =
                (&source.intake, &source.spec.exchange)
            else {
                continue;
            };
            for event in events {
                let binding = located(exchange, event.value.clone(), event.span);
                if bindings.iter().all(|b| b.value != binding.value) {
                    bindings.push(binding);
                }
            }
        }
        let own = table.spec.queue.as_ref();
        let own_settings = own.map(|q| q.settings.clone()).unwrap_or_default();
        let of_kafka = own.and_then(|own| own.kafka.as_ref());
        let of_kafka = kafka::topic(spec, &name, of_kafka, &bindings, false);
        let parts = own.map(|q| q.partitions.clone()).unwrap_or_default();
        queues.push(Queue {
            foreign: None,
            typed: own_settings.quorum.as_ref().map(|quorum| quorum.span),
            place: Some(own.map_or(table.spec.name.span, |q| q.span)),
            bindings,
            dead_letter: dead_letter(&name, own.and_then(|q| q.dead_letter.as_ref())),
            settings: settings(&own_settings, &spec.defaults),
            partitions: partitions::resolve(resolved, &parts, &of_kafka, &table.input, out),
            kafka: of_kafka,
            input: table.input.clone(),
            id: IdFrom::MessageId,
            into: Some(Destination::Table(index)),
            derived: true,
            name,
        });
    }
    queues
}

/// The queues that end every path: for dead letters that no declared queue takes, and for what is not routed.
pub(super) fn of_errors(resolved: &Resolved<'_>) -> Vec<Queue> {
    let dead_letters = |t: &super::Table<'_>| t.spec.dead_letters.is_some();
    let mut tables = resolved.tables.iter().enumerate();
    let Some((table, found)) = tables.find(|(_, t)| dead_letters(t)) else {
        return Vec::new();
    };
    let letters = resolved
        .queues
        .iter()
        .filter_map(|q| q.dead_letter.as_ref());
    let rejects = resolved.sources.iter().filter_map(|s| s.rejects.as_ref());
    let mut bindings: Vec<Located<Route>> = Vec::new();
    for route in letters.chain(rejects) {
        let new = bindings.iter().all(|b| b.value != route.value);
        if new && resolved.reached(&route.value).is_empty() {
            bindings.push(route.clone());
        }
    }
    let unrouted = Located {
        value: Route {
            exchange: UNROUTED.to_owned(),
            routing_key: String::new(),
        },
        span: found.spec.name.span,
    };
    [(ERRORS, bindings), (UNROUTED_QUEUE, vec![unrouted])]
        .into_iter()
        .filter(|(_, bindings)| !bindings.is_empty())
        .map(|(name, bindings)| Queue {
            name: name.to_owned(),
            place: None,
            kafka: None,
            foreign: None,
            typed: None,
            bindings,
            dead_letter: None,
            settings: settings(&spec::Settings::default(), &resolved.spec.defaults),
            input: Some(Input::DeadLetters),
            id: IdFrom::MessageId,
            into: Some(Destination::Table(table)),
            derived: true,
            partitions: None,
        })
        .collect()
}

/// For each queue of a table that is divided among shards one more for each shard: it holds what that shard didn't take.
pub(super) fn of_shards(resolved: &Resolved<'_>) -> Vec<Queue> {
    let mut queues = Vec::new();
    for queue in &resolved.queues {
        let Some(Destination::Table(at)) = queue.into else {
            continue;
        };
        let cluster = resolved.tables.get(at).and_then(|t| resolved.cluster(t));
        let shards = cluster.and_then(|cluster| cluster.shards.as_ref());
        let shards = shards.map_or(0, |shards| shards.value);
        queues.extend((1..=shards).map(|shard| Queue {
            name: model::of_shard(&queue.name, shard),
            place: queue.place,
            bindings: Vec::new(),
            dead_letter: queue.dead_letter.clone(),
            settings: queue.settings.clone(),
            input: queue.input.clone(),
            id: queue.id.clone(),
            into: queue.into,
            derived: true,
            partitions: None,
            kafka: None,
            foreign: None,
            typed: None,
        }));
    }
    queues
}

fn dead_letter(queue: &str, letter: Option<&spec::DeadLetter>) -> Option<Located<Route>> {
    let letter = letter?;
    let (key, span) = match &letter.routing_key {
        Some(key) => (key.value.clone(), key.span),
        None => (format!("error.{queue}"), letter.exchange.span),
    };
    Some(located(&letter.exchange, key, span))
}

fn letters(spec: &spec::Spec) -> impl Iterator<Item = &spec::DeadLetter> {
    let declared = spec.queues.iter().filter_map(|q| q.dead_letter.as_ref());
    let own = spec.tables.iter().filter_map(|t| t.queue.as_ref());
    declared.chain(own.filter_map(|q| q.dead_letter.as_ref()))
}

fn settings(own: &spec::Settings, defaults: &spec::Settings) -> Settings {
    let pick = |own: &Option<Located<u64>>, default: &Option<Located<u64>>, otherwise: u64| {
        let chosen = own.as_ref().or(default.as_ref());
        chosen.map_or((otherwise, None), |l| (l.value, Some(l.span)))
    };
    let quorum = own.quorum.as_ref().or(defaults.quorum.as_ref());
    Settings {
        quorum: quorum.is_none_or(|q| q.value),
        workers: pick(&own.workers, &defaults.workers, 2).0,
        prefetch: own.prefetch.clone().or(defaults.prefetch.clone()),
        retries: pick(&own.retries, &defaults.retries, 2).0,
        breaker: pick(&own.breaker, &defaults.breaker, 50).0,
        rows: pick(&own.rows, &defaults.rows, 10_000),
        bytes: pick(&own.bytes, &defaults.bytes, 16 << 20).0,
        delay_ms: pick(&own.delay, &defaults.delay, 1000).0,
    }
}

// === impl Queue ===

impl Queue {
    /// Maximum number of unacknowledged messages of one instance.
    pub(crate) fn prefetch(&self) -> u64 {
        match &self.settings.prefetch {
            Some(prefetch) => prefetch.value,
            // They are sent one by one; each worker finds its next one waiting.
            None if matches!(self.into, Some(Destination::Request(_))) => 2 * self.settings.workers,
            None => (2 * self.settings.rows.0).min(65_535),
        }
    }

    /// The most rows that the unacknowledged messages can hold.
    pub(crate) fn reachable_rows(&self) -> u64 {
        match self.input {
            Some(Input::Events) => self.prefetch().saturating_mul(ROWS_OF_EVENTS),
            _ => self.prefetch(),
        }
    }
}
