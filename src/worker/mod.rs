//! Workers: from a queue to its table: workers prepare messages, a batcher turns them into a block, stores it and
//! settles. Or from a queue to an HTTP API: a worker forwards one message after the other and settles each.
//!
//! A message is acknowledged when all its rows are stored and its bad events are confirmed dead letters. Until then it
//! is held; dropping it gives it back to its queue. [`ack_guard`] has the states of a message, [`disposition`] the reaction
//! to errors, and [`supervisor`] starts and stops all this.

mod ack_guard;
mod alike;
mod append;
mod batch;
mod batcher;
mod bisect;
mod blocking;
mod breaker;
mod catch_panic;
mod client;
mod dead_letter;
mod disposition;
mod ending;
mod failed;
mod failure_history;
mod fit;
mod flush;
mod forward;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod gate;
mod headers;
mod ids;
mod intake;
mod lanes;
mod late;
mod message;
mod objects;
mod prepare;
mod proto_json;
mod renew;
mod retry;
mod schema;
mod seen;
mod settle;
mod settlement_metrics;
mod split;
mod spread;
mod state;
mod stretch;
mod supervisor;
mod tally;
#[cfg(test)]
mod tests;
mod texts;
mod trial;
mod unit;
mod unit_groups;
mod unknown;

pub use state::{Paused, States};
pub use trial::{Bad, Trial};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::broker::Broker;
use crate::contract::{Destination, Pipeline, Queue, Request, Table};
use crate::sink::Stores;
use crate::sink::http::Requests;
use breaker::{Breakers, Least};
use forward::Forwarder;
use intake::{Intake, To};
use prepare::Preparer;
use supervisor::TableSupervisor;

/// Dependencies of the workers.
#[derive(Clone)]
pub struct Setup {
    /// Pipeline of the queues.
    pub pipeline: &'static Pipeline,
    /// Broker of the messages and dead letters.
    pub broker: Arc<dyn Broker>,
    /// Stores of the tables.
    pub stores: Stores,
    /// HTTP APIs.
    pub requests: Requests,
    /// Batching policy.
    pub pace: Pace,
    /// Time limits for messages that can't be stored.
    pub hold_limits: HoldLimits,
    /// State that the workers report.
    pub states: States,
    /// Stops consuming. Consumed messages are still stored and settled.
    pub stop: CancellationToken,
    /// Stops waiting: messages that aren't stored then go back to their queues.
    pub give_up: CancellationToken,
}

/// Batching policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Send a batch when it is large or old enough: few big inserts.
    Full,
    /// Send a batch as soon as the insert before it has ended: a client waits for each row.
    Eager,
}

/// Time limits for messages that can't be stored.
#[derive(Debug, Clone, Copy)]
pub struct HoldLimits {
    /// How long they are held while the destination accepts nothing; then they go back to their queues, which are not
    /// consumed until it does.
    pub grace: Duration,
    /// Probe interval of such a destination.
    pub probe: Duration,
    /// Source of jitter: a random number from 0 to 1.
    pub jitter: fn() -> f64,
}

impl Default for HoldLimits {
    fn default() -> Self {
        HoldLimits {
            grace: Duration::from_secs(10),
            probe: Duration::from_secs(1),
            jitter: rand::random,
        }
    }
}

/// Starts the workers of these queues, and a batcher for each of their tables; disabled ones are left out. The tasks
/// end when the broker ends its deliveries, or `stop` is cancelled, and everything is settled.
pub fn start(
    setup: &Setup,
    queues: &[&'static Queue],
) -> Result<JoinSet<()>, crate::broker::ConsumeError> {
    let preparer = Arc::new(Preparer::new(setup.pipeline));
    let mut tasks = JoinSet::new();
    for (table, queues) in by_table(queues) {
        let Some(store) = setup.stores.of(table) else {
            continue;
        };
        let supervisor = TableSupervisor::new(setup, store, table, queues, &preparer)?;
        tasks.spawn(supervisor.run());
    }
    for (request, queues) in by_request(queues) {
        let Some(targets) = setup.requests.targets(request) else {
            continue;
        };
        let breakers = Breakers::new(&queues, Least::REQUEST, &setup.states);
        let forwarder = Forwarder::new(setup.clone(), request, targets, breakers.clone());
        let forwarder = Arc::new(forwarder);
        for queue in queues {
            let first = setup.broker.consume(queue.name)?;
            let intake = Intake {
                setup: setup.clone(),
                queue,
                preparer: Arc::clone(&preparer),
                breakers: breakers.clone(),
                to: To::Forwarder(Arc::clone(&forwarder)),
                halt: setup.stop.child_token(),
            };
            tasks.spawn(intake.run(Some(first)));
        }
    }
    Ok(tasks)
}

fn by_table(queues: &[&'static Queue]) -> Vec<(&'static Table, Vec<&'static Queue>)> {
    let mut tables: BTreeMap<&'static str, (&'static Table, Vec<&'static Queue>)> = BTreeMap::new();
    for queue in queues {
        let Some(table) = queue.into.table() else {
            continue;
        };
        tables
            .entry(table.name)
            .or_insert_with(|| (table, Vec::new()))
            .1
            .push(queue);
    }
    tables.into_values().collect()
}

fn by_request(queues: &[&'static Queue]) -> Vec<(&'static Request, Vec<&'static Queue>)> {
    let mut requests: BTreeMap<&'static str, (&'static Request, Vec<&'static Queue>)> =
        BTreeMap::new();
    for queue in queues {
        let Destination::Request(request) = queue.into else {
            continue;
        };
        requests
            .entry(request.name)
            .or_insert_with(|| (request, Vec::new()))
            .1
            .push(queue);
    }
    requests.into_values().collect()
}
