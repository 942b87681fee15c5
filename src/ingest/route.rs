//! One way to the broker: an exchange and a routing key, with the message that is being filled and those that are full.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use super::answer::Part;
use super::publisher::Limits;

/// How often a message waits for more while another one of its route is under way. A broker that takes its time gets
/// few and large messages, which cost it less.
const MOST_WAITS: u32 = 4;

/// An exchange and a routing key, and what waits to go there.
#[derive(Debug)]
pub struct Route {
    pub(super) exchange: &'static str,
    pub(super) routing_key: &'static str,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    open: Message,
    /// Full messages.
    full: VecDeque<Message>,
    /// How many messages are under way.
    pub(super) in_flight: usize,
    /// Whether a task waits until the open message is due.
    lingers: bool,
    /// How often the open message has waited for more.
    waits: u32,
    /// Whether the route is in line for its turn.
    in_line: bool,
}

/// Groups of many requests.
#[derive(Debug, Default)]
pub(super) struct Message {
    pub(super) body: Vec<u8>,
    /// How many bytes of the body are whole groups.
    whole: usize,
    events: usize,
    pub(super) parts: Vec<Part>,
}

impl Route {
    /// A way that nothing goes yet.
    pub fn new(exchange: &'static str, routing_key: &'static str) -> Self {
        Route {
            exchange,
            routing_key,
            state: Mutex::default(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| {
            // Somebody panicked while appending: what is not whole goes, and the others' groups stay.
            let mut state = poisoned.into_inner();
            let whole = state.open.whole;
            state.open.body.truncate(whole);
            self.state.clear_poison();
            state
        })
    }
}

impl State {
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

    /// The open message is as big as it gets.
    fn close(&mut self, limits: &Limits) {
        self.waits = 0;
        // The next one is likely to become as large, and needn't be copied as it grows. What is larger than a message
        // should be came once, and no room is kept for it.
        let usual = self.open.body.len().min(limits.bytes);
        let next = Message {
            body: Vec::with_capacity(if self.in_flight > 0 { usual } else { 0 }),
            ..Message::default()
        };
        self.full.push_back(std::mem::replace(&mut self.open, next));
    }

    /// Whether a task should wait now until the open message is due.
    pub(super) fn begins_to_linger(&mut self, limits: &Limits) -> bool {
        let waits = self.open.events > 0 && !limits.linger.is_zero();
        let begins = waits && self.waits == 0 && !self.lingers;
        self.lingers |= begins;
        begins
    }

    /// The open message, if it is still there, has waited once more; whether to wait yet again.
    pub(super) fn waited(&mut self) -> bool {
        let is_open = self.open.events > 0;
        self.waits += u32::from(is_open);
        self.lingers = is_open && self.waits < MOST_WAITS;
        self.lingers
    }

    /// Whether the route has to be put in line: there is something to send, and it isn't in line yet.
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

    /// It is the route's turn: what goes now, which counts as under way from here on, and whether the route stays in
    /// line.
    pub(super) fn turn(&mut self, limits: &Limits) -> (Option<Message>, bool) {
        if self.full.is_empty() && self.open_is_due(limits) {
            self.close(limits);
        }
        let message = self.full.pop_front();
        self.in_flight += usize::from(message.is_some());
        self.in_line = self.has_due(limits);
        (message, self.in_line)
    }
}
