//! Retry and dead-letter decisions: what an error does to a block, to a unit of one, and to a message on its way to an
//! HTTP API. Each is a pure function of its arguments.

mod block;
mod request;
mod unit;

pub(super) use block::{BlockCase, BlockStep, Part, decide_block};
pub(super) use request::{Forwarding, decide_request};
pub(super) use unit::{
    Chances, Passing, UnitCase, UnitEnd, UnitFault, UnitStep, decide_compared, decide_panicked,
    decide_unit,
};

use std::time::Duration;

/// Exponential backoff with jitter: it doubles up to a maximum, less up to a half at random.
fn growing(first: Duration, slowest: Duration, attempts: u32, jitter: f64) -> Duration {
    let doubled = first.saturating_mul(1 << attempts.saturating_sub(1).min(10));
    doubled.min(slowest).mul_f64(0.5 + jitter / 2.0)
}

#[cfg(test)]
mod tests;
