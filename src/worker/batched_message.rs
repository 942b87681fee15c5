//! Message in a batch, and its bad units.

use super::failed::Failed;
use super::message::Prepared;

/// Message in a batch, and its bad units.
#[derive(Debug)]
pub(super) struct BatchedMessage {
    pub message: Prepared,
    pub failed: Vec<Failed>,
}
