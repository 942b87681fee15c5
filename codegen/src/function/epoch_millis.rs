//! `epoch_millis`: milliseconds since the epoch as an instant.

use super::definition::Definition;
use super::epoch::{self, EPOCH};

pub(super) const EPOCH_MILLIS: Definition = Definition {
    name: "epoch_millis",
    usage: "epoch_millis",
    input: "text or whole number, as `1.76E12` too: milliseconds since the epoch",
    print: |printer, _, on| epoch::print("epoch_millis", printer, on),
    ..EPOCH
};
