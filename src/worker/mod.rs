//! Workers: from a queue to its table: workers prepare messages, a batcher turns them into a block, stores it and
//! settles. Or from a queue to an HTTP API or a topic of others: a worker forwards one message after the other and settles each.
//!
//! A message is acknowledged when all its rows are stored and its bad events are confirmed dead letters. Until then it
//! is held; dropping it gives it back to its queue. [`ack_guard`] has the states of a message, [`disposition`] the reaction
//! to errors, and [`supervisor`] starts and stops all this.

mod ack_guard;
mod alike;
mod append;
mod batch;
mod batched_message;
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
mod flush_shards;
mod forward;
mod from_protobuf;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod gate;
mod headers;
mod held;
mod ids;
mod intake;
mod lanes;
mod late;
mod message;
mod objects;
mod outbound;
mod prepare;
mod proto_json;
mod renew;
mod retry;
mod schema;
mod seen;
mod settle;
mod settlement_metrics;
mod shard;
mod shard_blocks;
mod split;
mod spread;
mod state;
mod stretch;
mod supervisor;
mod tally;
#[cfg(test)]
mod tests;
mod texts;
mod traced;
mod trial;
mod unit;
mod unit_groups;
mod unknown;

pub use held::HeldAges;
pub use state::{Paused, States};
pub use trial::{Bad, Trial};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::broker::Broker;
use crate::contract::{Destination, Pipeline, Queue, Request, Table, shard_of_queue};
use crate::sink::requests::Requests;
use crate::sink::{Store, Stores};
use breaker::{Breakers, Least};
use forward::Forwarder;
use intake::{Intake, To};
use prepare::Preparer;
use shard::Shard;
use supervisor::{TableSupervisor, Way};

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
    for queue in queues {
        preparer.tell_held(queue, &setup.states);
    }
    let mut tasks = JoinSet::new();
    for (table, queues) in by_table(queues) {
        let Some(store) = setup.stores.of(table) else {
            continue;
        };
        for (way, queues) in ways(setup, store, table, queues) {
            let supervisor = TableSupervisor::new(setup, way, table, queues, &preparer)?;
            tasks.spawn(supervisor.run());
        }
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

/// Ways into a table, each with its queues: one, or those of its shards, and one for all of them.
fn ways(
    setup: &Setup,
    store: Arc<dyn Store>,
    table: &'static Table,
    queues: Vec<&'static Queue>,
) -> Vec<(Way, Vec<&'static Queue>)> {
    let Some(sharding) = table.sharding() else {
        return vec![(Way::one(store, table.name), queues)];
    };
    let shards = setup.stores.shards(table).into_iter();
    let shards: Arc<[Arc<Shard>]> = shards.map(|store| Arc::new(Shard::new(store))).collect();
    let all = Way {
        store,
        name: table.name,
        shards: Arc::clone(&shards),
    };
    let (of_shards, of_all): (Vec<_>, Vec<_>) = queues
        .into_iter()
        .partition(|queue| shard_of_queue(queue.name).is_some());
    let mut ways = vec![(all, of_all)];
    for (shard, (of_shard, name)) in shards.iter().zip(sharding.shards).enumerate() {
        let is_its = |queue: &&Queue| shard_of_queue(queue.name).is_some_and(|(_, of)| of == shard);
        let its = of_shards.iter().copied().filter(is_its).collect();
        ways.push((Way::one(Arc::clone(of_shard) as Arc<dyn Store>, name), its));
    }
    ways.retain(|(_, queues)| !queues.is_empty());
    ways
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
