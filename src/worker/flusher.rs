//! Flusher of a table: what it takes to store its batches.

use std::sync::Arc;

use super::Setup;
use super::breaker::Breakers;
use super::settle::GivenUp;
use super::stretch::Room;
use super::suspects::Suspects;
use crate::contract::Table;
use crate::sink::Store;

/// Stores the batches of one table.
#[derive(Clone)]
pub(super) struct Flusher {
    pub(super) setup: Setup,
    pub(super) store: Arc<dyn Store>,
    pub(super) table: &'static Table,
    pub(super) room: Room,
    pub(super) breakers: Breakers,
    pub(super) suspects: Suspects,
}

/// Reason why a batch could not be finished.
#[derive(Debug)]
pub(super) enum Halt {
    /// The server stops and doesn't wait any more.
    GivenUp,
    /// The destination has been unavailable for longer than messages are held.
    Outage,
}

impl From<GivenUp> for Halt {
    fn from(_: GivenUp) -> Self {
        Halt::GivenUp
    }
}
