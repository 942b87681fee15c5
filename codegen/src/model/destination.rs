//! Destinations of queues.

use super::{Model, Queue, Request, Table};

/// Destination of a queue's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// A table, by its index in `Model::tables`.
    Table(usize),
    /// An HTTP API, by its index in `Model::requests`.
    Request(usize),
}

// === impl Model ===

impl Model {
    /// The table that a queue goes into, if it is one.
    pub fn table_of(&self, queue: &Queue) -> Option<&Table> {
        match queue.into {
            Destination::Table(at) => self.tables.get(at),
            Destination::Request(_) => None,
        }
    }

    /// The request that a queue goes into, if it is one.
    pub fn request_of(&self, queue: &Queue) -> Option<&Request> {
        match queue.into {
            Destination::Request(at) => self.requests.get(at),
            Destination::Table(_) => None,
        }
    }
}
