//! Simulation of settlement, with a clock, a broker and a destination that a seed drives.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod breaker;
mod heavy;
mod memory;
mod named;
mod pipeline;
mod schedule;
mod settling;
mod store;

use std::collections::BTreeSet;
use std::panic;
use std::sync::{Arc, Once};

use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use super::{HoldLimits, Pace, Setup, States};
use crate::broker::testing::Simulated;
use crate::contract::Pipeline;
use crate::sink::requests::Requests;
use crate::sink::{Store, Stores};

/// Number of schedules.
const SEEDS: u64 = 2000;

/// Silences the backtraces of intended panics.
fn quiet() {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !info.to_string().contains("simulated") {
                usual(info);
            }
        }));
    });
}

/// Runs a test under a clock that jumps ahead whenever nothing else is to be done.
fn simulate<T>(run: impl Future<Output = T>) -> T {
    quiet();
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(run)
}

/// Setup with a jumping clock, where only the units cause errors.
fn calm(pipeline: &'static Pipeline, broker: &Simulated, store: &store::Simulated) -> Setup {
    let store: Arc<dyn Store> = Arc::new(store.clone());
    Setup {
        pipeline,
        broker: Arc::new(broker.clone()),
        stores: Stores::new(pipeline.tables, |_| Some(Arc::clone(&store))),
        requests: Requests::default(),
        pace: Pace::Full,
        hold_limits: HoldLimits::default(),
        states: States::default(),
        stop: CancellationToken::new(),
        give_up: CancellationToken::new(),
    }
}

#[test]
fn every_unit_ends_once_and_as_it_deserves_on_any_schedule() {
    let only: Option<u64> = std::env::var("SEED").ok().map(|seed| seed.parse().unwrap());
    if only.is_some() {
        let shown = tracing_subscriber::fmt().with_test_writer();
        shown.without_time().init();
    }
    let seeds = only.map_or(0..SEEDS, |seed| seed..seed + 1);
    let mut covered = BTreeSet::new();
    for seed in seeds {
        let (violations, seen) = simulate(schedule::run(seed));
        assert!(
            violations.is_empty(),
            "SEED={seed}\n{}",
            violations.join("\n")
        );
        covered.extend(seen);
    }
    if only.is_none() {
        let all = [
            "bad_value",
            "refused",
            "panic",
            "retries",
            "unanswered",
            "returned",
            "stored",
            "lost",
        ];
        assert_eq!(covered, BTreeSet::from(all), "the schedules cover it all");
    }
}

/// Table of these tests.
pub(super) fn a_table() -> &'static crate::contract::Table {
    &pipeline::TABLE
}
