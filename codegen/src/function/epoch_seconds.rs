//! `epoch_seconds`: seconds since the epoch as an instant.

use super::definition::Definition;
use super::epoch::{self, EPOCH};

pub(super) const EPOCH_SECONDS: Definition = Definition {
    name: "epoch_seconds",
    usage: "epoch_seconds",
    input: "text or whole number: seconds since the epoch",
    print: |printer, _, on| epoch::print("epoch_seconds", printer, on),
    ..EPOCH
};
