//! Checks of partitions: one key a message, names that are free, and few enough slots.

use std::collections::BTreeMap;

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Intake, PartitionKey, lcm};
use crate::resolve::partitions::Declared;
use crate::resolve::{Queue, Resolved, Source};
use crate::rules::partitions::{PARTITION_KEY, PARTITIONS};
use crate::rules::webhooks::HEADERS_NOT_KEPT;

/// The most slots that messages of an exchange are kept apart by.
const MOST_SLOTS: u64 = 256;

/// Checks all queues with partitions.
pub(super) fn check(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    for source in &resolved.sources {
        agree(resolved, source, out);
    }
    for queue in &resolved.queues {
        if let Some(declared) = queue.partitions.as_ref().filter(|p| !p.of_topic) {
            taken(resolved, queue, declared, out);
        }
    }
    slots(resolved, out);
}

/// A message has one key.
fn agree(resolved: &Resolved<'_>, source: &Source<'_>, out: &mut Diagnostics) {
    let fed = resolved.partitioned(source);
    let Some((first, key)) = fed.first() else {
        return;
    };
    let place = |declared: &Declared| declared.by.unwrap_or(declared.place);
    if let Some((other, differs)) = fed
        .iter()
        .find(|(_, declared)| declared.partitions.by != key.partitions.by)
    {
        let message = format!(
            "messages of source `{}` have one partition key in queue `{}` and another one in `{}`",
            source.spec.name.value, first.name, other.name
        );
        out.push(
            Diagnostic::new(&PARTITION_KEY, message)
                .at(place(differs), "this key")
                .and(Some(place(key)), "and this one")
                .help("give both the same `partition_by`"),
        );
    }
    let of_headers =
        matches!(&key.partitions.by, PartitionKey::Message(value) if value.uses_headers());
    let keeps = matches!(&source.intake, Some(Intake::Post { headers: true, .. }));
    if of_headers && !keeps {
        let message = format!("source `{}` doesn't keep headers", source.spec.name.value);
        out.push(
            Diagnostic::new(&HEADERS_NOT_KEPT, message)
                .at(place(key), "uses `$headers`")
                .and(Some(source.spec.name.span), "has no `headers: true`")
                .help("add `headers: true` to the source"),
        );
    }
}

/// What the generator adds has names of its own.
fn taken(resolved: &Resolved<'_>, queue: &Queue, declared: &Declared, out: &mut Diagnostics) {
    let name = &queue.name;
    let is_partition = |other: &str| {
        let index = other.strip_prefix(name.as_str())?.strip_prefix('.')?;
        index.parse::<u16>().ok()
    };
    let queues = resolved.queues.iter();
    for other in queues.filter(|other| is_partition(&other.name).is_some()) {
        let message = format!("queue `{}` has the name of a partition", other.name);
        out.push(
            Diagnostic::new(&PARTITIONS, message)
                .at(other.place.unwrap_or(declared.place), "this queue")
                .and(Some(declared.place), format!("partitions of `{name}`"))
                .help("give it another name"),
        );
    }
    let derived = ["partitions", "rest"].map(|end| format!("{name}.{end}"));
    for exchange in &resolved.spec.exchanges {
        if derived.contains(&exchange.name.value) {
            let message = format!(
                "exchange `{}` is made by the generator",
                exchange.name.value
            );
            out.push(
                Diagnostic::new(&PARTITIONS, message)
                    .at(exchange.name.span, "this exchange")
                    .and(Some(declared.place), format!("partitions of `{name}`"))
                    .help("give it another name"),
            );
        }
    }
}

/// Messages of an exchange are kept apart by few slots.
fn slots(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    let mut of_exchanges: BTreeMap<&str, u64> = BTreeMap::new();
    for queue in &resolved.queues {
        let Some(declared) = &queue.partitions else {
            continue;
        };
        let count = u64::from(declared.partitions.count);
        let mut over = None;
        for binding in &queue.bindings {
            let slots = of_exchanges.entry(&binding.value.exchange).or_insert(1);
            *slots = lcm(*slots, count);
            if *slots > MOST_SLOTS {
                over = Some((binding.value.exchange.as_str(), *slots));
            }
        }
        if let Some((exchange, slots)) = over {
            let message = format!("exchange `{exchange}` would have {slots} slots");
            out.push(
                Diagnostic::new(&PARTITIONS, message)
                    .at(declared.place, "with this number of partitions")
                    .help("give the queues of an exchange numbers that divide each other, such as 4 and 8"),
            );
            return;
        }
    }
}
