//! Route: an exchange, a routing key and a slot of partition keys, with the open message and the full ones.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use super::answer::Part;

/// Maximum number of lingers of a message while another one of its route is under way. A slow broker gets few and large
/// messages, which cost it less.
const MOST_WAITS: u32 = 4;

/// Batching limits of the publisher.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Size at which a message is published, in bytes.
    pub bytes: usize,
    /// Number of events at which a message is published.
    pub events: usize,
    /// Linger: how long a message waits for more, once, and up to four times while another one of its route is under
    /// way. Zero: as long as another one is under way, and no longer.
    pub linger: Duration,
    /// Maximum number of messages under way, over all routes. While there is no room, messages grow: a slow broker gets
    /// fewer and larger ones.
    pub in_flight: usize,
    /// Timeout of a publish.
    pub time_limit: Duration,
}

impl Limits {
    /// Limits for a broker that confirms what it has stored.
    pub fn remote() -> Self {
        Limits {
            bytes: 256 * 1024,
            events: 4096,
            linger: Duration::from_millis(5),
            in_flight: 16,
            time_limit: Duration::from_secs(30),
        }
    }

    /// Limits for the in-memory broker, which answers when the events are in their databases.
    pub fn embedded() -> Self {
        Limits {
            linger: Duration::ZERO,
            in_flight: 256,
            ..Limits::remote()
        }
    }
}

/// Exchange and routing key, and the messages that wait to go there.
#[derive(Debug)]
pub struct Route {
    pub(super) exchange: &'static str,
    pub(super) routing_key: &'static str,
    /// Slot of the partition keys of what goes there.
    pub(super) partition: Option<u64>,
    state: Mutex<RouteState>,
}

#[derive(Debug, Default)]
pub(super) struct RouteState {
    open: PendingMessage,
    /// Full messages.
    full: VecDeque<PendingMessage>,
    /// Number of messages under way.
    pub(super) in_flight: usize,
    /// True if a task waits until the open message is due.
    lingers: bool,
    /// Number of times that the open message has lingered.
    waits: u32,
    /// True if the route is in line for its turn.
    in_line: bool,
}

/// Message of groups of many requests.
#[derive(Debug, Default)]
pub(super) struct PendingMessage {
    pub(super) body: Vec<u8>,
    /// Length of the complete groups in the body.
    whole: usize,
    events: usize,
    pub(super) parts: Vec<Part>,
}

impl Route {
    /// Creates an empty route.
    pub fn new(exchange: &'static str, routing_key: &'static str) -> Self {
        Route {
            exchange,
            routing_key,
            partition: None,
            state: Mutex::default(),
        }
    }

    /// One for each of so many slots; if there is only one, messages say nothing of it.
    pub fn of_slots(
        exchange: &'static str,
        routing_key: &'static str,
        slots: u64,
    ) -> impl Iterator<Item = Route> {
        (0..slots).map(move |slot| Route {
            partition: (slots > 1).then_some(slot),
            ..Route::new(exchange, routing_key)
        })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, RouteState> {
        self.state.lock().unwrap_or_else(|poisoned| {
            // A panic while appending: the incomplete group is removed, and the others stay.
            let mut state = poisoned.into_inner();
            let whole = state.open.whole;
            state.open.body.truncate(whole);
            self.state.clear_poison();
            state
        })
    }
}

impl RouteState {
    /// Adds a group of so many events and at most `len` bytes to the open message; `write` appends it.
    pub(super) fn add(
        &mut self,
        limits: &Limits,
        events: usize,
        len: usize,
        part: Part,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        let open = &self.open;
        if open.events > 0
            && (open.body.len() + len > limits.bytes || open.events + events > limits.events)
        {
            self.close(limits);
        }
        self.open.body.reserve(len);
        write(&mut self.open.body);
        self.open.whole = self.open.body.len();
        self.open.events += events;
        self.open.parts.push(part);
        if self.open.body.len() >= limits.bytes || self.open.events >= limits.events {
            self.close(limits);
        }
    }

    /// Closes the open message, which is full.
    fn close(&mut self, limits: &Limits) {
        self.waits = 0;
        // The next one is likely to become as large, and needn't be copied as it grows. A body larger than a message
        // should be is an exception, for which no room is reserved.
        let usual = self.open.body.len().min(limits.bytes);
        let next = PendingMessage {
            body: Vec::with_capacity(if self.in_flight > 0 { usual } else { 0 }),
            ..PendingMessage::default()
        };
        self.full.push_back(std::mem::replace(&mut self.open, next));
    }

    /// True if a task should wait now until the open message is due.
    pub(super) fn begins_to_linger(&mut self, limits: &Limits) -> bool {
        let waits = self.open.events > 0 && !limits.linger.is_zero();
        let begins = waits && self.waits == 0 && !self.lingers;
        self.lingers |= begins;
        begins
    }

    /// Notes that the open message, if it is still there, has lingered once more; true if it should linger again.
    pub(super) fn waited(&mut self) -> bool {
        let is_open = self.open.events > 0;
        self.waits += u32::from(is_open);
        self.lingers = is_open && self.waits < MOST_WAITS;
        self.lingers
    }

    /// True if the route has to be put in line: it has something to send, and isn't in line yet.
    pub(super) fn joins_line(&mut self, limits: &Limits) -> bool {
        let joins = !self.in_line && self.has_due(limits);
        self.in_line |= joins;
        joins
    }

    fn has_due(&self, limits: &Limits) -> bool {
        !self.full.is_empty() || self.open_is_due(limits)
    }

    fn open_is_due(&self, limits: &Limits) -> bool {
        let waited = if limits.linger.is_zero() {
            self.in_flight == 0
        } else {
            self.waits > 0 && self.in_flight == 0 || self.waits >= MOST_WAITS
        };
        waited && self.open.events > 0
    }

    /// Takes the route's turn: the message that goes now, which counts as under way from here on, and true if the route
    /// stays in line.
    pub(super) fn turn(&mut self, limits: &Limits) -> (Option<PendingMessage>, bool) {
        if self.full.is_empty() && self.open_is_due(limits) {
            self.close(limits);
        }
        let message = self.full.pop_front();
        self.in_flight += usize::from(message.is_some());
        self.in_line = self.has_due(limits);
        (message, self.in_line)
    }
}
