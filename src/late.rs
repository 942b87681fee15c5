//! What is still sent of retired event types and fields and not kept: counted, and logged once in a process.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::contract::{RetiredEvent, RetiredField};
use crate::metrics::retired::{RETIRED_EVENTS, RETIRED_FIELDS};

/// Event types and fields that were logged. Their names are those of the build, so that there are few.
static LOGGED: Mutex<BTreeSet<(&str, &str)>> = Mutex::new(BTreeSet::new());

/// Counts events of a retired type that were accepted and not stored.
pub fn events(event: &'static RetiredEvent, count: u64) {
    if count == 0 {
        return;
    }
    RETIRED_EVENTS.with([event.name]).increment(count);
    if is_new(event.name, "") {
        tracing::warn!(
            "type" = event.name,
            "Events of a retired type are still sent; they are accepted and not stored."
        );
    }
}

/// Counts rows that were stored without a retired field.
pub fn rows_without(field: &'static RetiredField, rows: u64) {
    RETIRED_FIELDS
        .with([field.message, field.name])
        .increment(rows);
    if is_new(field.message, field.name) {
        tracing::warn!(
            message_type = field.message,
            field = field.name,
            "A retired field is still sent; rows are stored without it."
        );
    }
}

fn is_new(of: &'static str, name: &'static str) -> bool {
    let mut logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
    logged.insert((of, name))
}
