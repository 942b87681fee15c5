//! Checks of what feeds what: queues, their tables and their batches.

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::grouped;
use crate::model::{Destination, Input};
use crate::resolve::{Queue, Resolved};
use crate::rules::feeding::{UNFED_TABLE, UNREACHABLE_BATCH};
use crate::rules::reading::{CONFLICTING_KEYS, OUT_OF_BOUNDS};

/// Checks feeding and batches.
pub(super) fn check(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    // A queue whose table is unknown may be the one that was meant to feed it.
    let unclear = resolved.queues.iter().any(|q| q.into.is_none());
    for (index, table) in resolved.tables.iter().enumerate() {
        let name = &table.spec.name;
        let named = unclear
            || resolved
                .queues
                .iter()
                .any(|q| q.into == Some(Destination::Table(index)));
        let without_events =
            table.spec.events.is_some() && resolved.spec.sources.iter().all(|s| s.grpc.is_none());
        if table.input.is_none() && (without_events || !named) {
            let found = Diagnostic::new(
                &UNFED_TABLE,
                format!("nothing feeds table `{}`", name.value),
            );
            out.push(match &table.spec.events {
                Some(_) => found.at(name.span, "no gRPC source takes app events"),
                None => found.at(name.span, "no queue goes into it").help(format!(
                    "add a queue with `into: {}`, or a list of `events`",
                    name.value
                )),
            });
        }
        if let (Some(queue), None) = (&table.spec.queue, &table.spec.events) {
            out.push(
                Diagnostic::new(
                    &CONFLICTING_KEYS,
                    "only a table with `events` has a `queue` of its own",
                )
                .at(queue.span, "no queue is made for this table")
                .help("declare the queue under `queues`"),
            );
        }
    }
    let batched = |queue: &&Queue| !matches!(queue.into, Some(Destination::Request(_)));
    for queue in resolved.queues.iter().filter(batched) {
        batch(queue, out);
    }
    for source in &resolved.sources {
        let pool = &source.spec.pool;
        let room = pool.bytes.as_ref().map_or(64 << 20, |b| b.value);
        let place = pool.max_request.as_ref().or(pool.bytes.as_ref());
        if let (true, Some(place)) = (source.max_request() > room, place) {
            out.push(
                Diagnostic::new(
                    &OUT_OF_BOUNDS,
                    "the pool has no room for its largest request",
                )
                .at(
                    place.span,
                    format!(
                        "{} bytes of {}",
                        grouped(source.max_request()),
                        grouped(room)
                    ),
                ),
            );
        }
    }
}

fn batch(queue: &Queue, out: &mut Diagnostics) {
    let (rows, place) = queue.settings.rows;
    let prefetch = &queue.settings.prefetch;
    let Some(place) = prefetch.as_ref().map(|p| p.span).or(place).or(queue.place) else {
        return;
    };
    let Some(input) = queue
        .input
        .as_ref()
        .filter(|_| rows > queue.reachable_rows())
    else {
        return;
    };
    let each = match input {
        Input::Events => "of at most 4_096 rows",
        _ => "of one row",
    };
    let message = format!(
        "queue `{}` can't fill a batch of {} rows: {} messages {each} are {} rows",
        queue.name,
        grouped(rows),
        grouped(queue.prefetch()),
        grouped(queue.reachable_rows())
    );
    let found = Diagnostic::new(&UNREACHABLE_BATCH, message)
        .at(
            place,
            format!("{} messages are not enough", grouped(queue.prefetch())),
        )
        .help("lower `rows`, or raise `prefetch` (at most 65_535)");
    out.push(match queue.settings.rows.1 {
        Some(rows) if rows != place => found.and(Some(rows), "the rows of a batch"),
        _ => found,
    });
}
