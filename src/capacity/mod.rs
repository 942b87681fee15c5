//! Capacity: how many instances, nodes, partitions, shards and disks a rate of events needs, from what an event costs each of
//! them, and which of them is full first.
//!
//! The costs are measured ([`Costs`]); everything else is arithmetic. What it leaves out: other work on the machines, queries,
//! a network that is slower than its machines, and hours in which everything comes again after an outage.

mod costs;

pub use costs::{Cost, Costs};

/// Seconds of a day.
const DAY: f64 = 86_400.0;
/// Rows of the largest insert.
const MOST_ROWS: f64 = 100_000.0;
/// Least and most bytes of a message under load: those of several requests travel together.
const MESSAGE: (f64, f64) = (16_384.0, 262_144.0);
/// Shards up to which a fitting number is looked for.
const MOST_SHARDS: u32 = 10_000;

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Events a second, at the busiest time.
    pub events: f64,
    /// Bytes of an event on the wire, with its share of the header.
    pub bytes: f64,
    /// Events in a request.
    pub request: f64,
    /// Queues that an event goes through; in the end of each it is a row.
    pub rows: f64,
    /// Share of all events that goes through the busiest queue, from 0 to 1.
    pub hottest: f64,
    /// Tables among which the rows are.
    pub tables: f64,
}

/// What there is for it.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    /// Cores of a machine.
    pub cores: f64,
    /// Share of a machine that may be in use, from 0 to 1: the rest is for what was left out, and for a machine that is missing.
    pub busy: f64,
    /// Members of a quorum queue.
    pub members: u32,
    /// Replicas of a shard.
    pub replicas: u32,
    /// Days for which rows are kept.
    pub days: f64,
    /// Hours for which queues have to hold what comes.
    pub outage: f64,
}

/// A part of the pipeline, and how much of it is needed.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// What it is.
    pub name: &'static str,
    /// Events a second that the least of it takes: one machine, one queue, or the members of one.
    pub takes: f64,
    /// Number that is needed.
    pub needed: u32,
    /// Share of them that is in use then, from 0 to 1.
    pub busy: f64,
}

/// Bytes a second, and bytes that are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bytes {
    /// From senders to instances, a second.
    pub received: f64,
    /// Written by all nodes of RabbitMQ together, a second.
    pub queued: f64,
    /// Held by all nodes together at the end of an outage.
    pub backlog: f64,
    /// On the disks of all replicas together.
    pub stored: f64,
}

/// CPU of an event, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cpu {
    /// In the server.
    pub server: f64,
    /// In one member of each queue that it goes through.
    pub rabbitmq: f64,
    /// In one replica of each row's shard, before merges of the long run.
    pub clickhouse: f64,
}

/// What is needed.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Parts in the order in which events go through them.
    pub parts: Vec<Part>,
    /// What they move and keep.
    pub bytes: Bytes,
    /// Rows of an insert.
    pub insert_rows: f64,
    /// What an event takes.
    pub cpu: Cpu,
}

impl Plan {
    /// The part that is full first if there is the least of each.
    pub fn first(&self) -> Option<&Part> {
        self.parts.iter().min_by(|a, b| a.takes.total_cmp(&b.takes))
    }
}

/// What a load needs.
pub fn plan(load: &Load, site: &Site, costs: &Costs) -> Plan {
    let machine = site.cores * site.busy;
    let server = costs.server.of(load) * 1e-6;
    let instances = Part::of("instances", machine / server, load.events, site.busy, 1);
    // Each member of a queue writes what its leader writes.
    let members = f64::from(site.members);
    let broker = costs.rabbitmq.of(load) * load.rows * members * 1e-6;
    let one = machine / broker;
    let mut nodes = Part::of("RabbitMQ nodes", one, load.events, site.busy, site.members);
    nodes.takes = one * members;
    let queue = site.busy * a_queue(load, costs) / load.hottest;
    let partitions = Part::of(
        "partitions of the busiest queue",
        queue,
        load.events,
        site.busy,
        1,
    );
    let shards = shards(load, site, costs, instances.needed);
    let insert_rows = insert_rows(load, instances.needed, shards.needed);
    let stored = load.events * load.rows * load.bytes * costs.stored;
    let queued = load.events * load.rows * load.bytes * members;
    Plan {
        bytes: Bytes {
            received: load.events * load.bytes,
            queued,
            backlog: queued * site.outage * 3600.0,
            stored: stored * site.days * DAY * f64::from(site.replicas),
        },
        insert_rows,
        cpu: Cpu {
            server: costs.server.of(load),
            rabbitmq: costs.rabbitmq.of(load) * load.rows,
            clickhouse: (costs.clickhouse.of(load) + costs.insert / insert_rows) * load.rows,
        },
        parts: vec![instances, nodes, partitions, shards],
    }
}

impl Part {
    fn of(name: &'static str, takes: f64, events: f64, busy: f64, least: u32) -> Self {
        // A float that is too large for it becomes the largest one.
        let needed = ((events / takes).ceil() as u32).max(least);
        Part {
            name,
            takes,
            needed,
            busy: busy * events / (takes * f64::from(needed)),
        }
    }
}

/// Events a second that one quorum queue takes at most.
fn a_queue(load: &Load, costs: &Costs) -> f64 {
    let message = (load.request * load.bytes).clamp(MESSAGE.0, MESSAGE.1);
    let seconds = (costs.message + costs.message_kib * message / 1024.0) * 1e-6;
    message / load.bytes / seconds
}

/// Rows of an insert: what comes for a table from one instance to one shard in a second, which is how long a batch fills.
fn insert_rows(load: &Load, instances: u32, shards: u32) -> f64 {
    let batchers = load.tables * f64::from(instances) * f64::from(shards);
    (load.events * load.rows / batchers).clamp(1.0, MOST_ROWS)
}

/// Shards, each a machine for each replica: every replica merges what the shard gets. More of them make inserts smaller.
fn shards(load: &Load, site: &Site, costs: &Costs, instances: u32) -> Part {
    let cost = |instances, shards, load: &Load| {
        let insert = costs.insert / insert_rows(load, instances, shards);
        (costs.clickhouse.of(load) * costs.merges + insert) * load.rows * 1e-6
    };
    let machine = site.cores * site.busy;
    let fits =
        |shards: u32| load.events * cost(instances, shards, load) <= machine * f64::from(shards);
    let needed = (1..MOST_SHARDS)
        .find(|shards| fits(*shards))
        .unwrap_or(MOST_SHARDS);
    // One shard is full where its own inserts fill it: they are as large as they get.
    let full = Load {
        events: MOST_ROWS * load.tables,
        ..*load
    };
    let takes = machine / cost(1, 1, &full);
    let used = load.events * cost(instances, needed, load) / (site.cores * f64::from(needed));
    Part {
        name: "ClickHouse shards",
        takes,
        needed,
        busy: used,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

    use super::*;

    const LOAD: Load = Load {
        events: 1e6,
        bytes: 200.0,
        request: 100.0,
        rows: 1.0,
        hottest: 1.0,
        tables: 5.0,
    };

    const SITE: Site = Site {
        cores: 8.0,
        busy: 0.6,
        members: 3,
        replicas: 2,
        days: 90.0,
        outage: 1.0,
    };

    fn needed(load: &Load, site: &Site) -> Vec<u32> {
        let plan = plan(load, site, &Costs::MEASURED);
        plan.parts.iter().map(|part| part.needed).collect()
    }

    #[test]
    fn no_part_is_busier_than_it_may_be_and_none_could_be_smaller() {
        for events in [1.0, 1e3, 1e5, 1e6, 2e7] {
            let load = Load { events, ..LOAD };
            for part in plan(&load, &SITE, &Costs::MEASURED).parts {
                assert!(part.busy <= SITE.busy + 1e-9, "{events}: {part:?}");
                let least = match part.name {
                    "RabbitMQ nodes" => SITE.members,
                    _ => 1,
                };
                let with_one_less = part.busy * f64::from(part.needed) / f64::from(part.needed - 1);
                assert!(
                    part.needed == least || with_one_less > SITE.busy * 0.999,
                    "{events}: {part:?}"
                );
            }
        }
    }

    #[test]
    fn what_costs_more_needs_more() {
        let usual = needed(&LOAD, &SITE);
        let one_by_one = Load {
            request: 1.0,
            ..LOAD
        };
        let large = Load {
            bytes: 2000.0,
            ..LOAD
        };
        let twice = Load { rows: 2.0, ..LOAD };
        for load in [one_by_one, large, twice] {
            let more = needed(&load, &SITE);
            assert!(more.iter().zip(&usual).all(|(more, usual)| more >= usual));
            assert_ne!(more, usual, "{load:?}");
        }
    }

    #[test]
    fn bytes_are_those_of_all_copies() {
        let bytes = plan(&LOAD, &SITE, &Costs::MEASURED).bytes;
        assert_eq!(bytes.received, 2e8);
        assert_eq!(bytes.queued, 6e8);
        assert_eq!(bytes.backlog, 6e8 * 3600.0);
        let of_a_day = 1e6 * 200.0 * Costs::MEASURED.stored * DAY;
        assert!((bytes.stored / (of_a_day * 180.0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_first_limit_is_the_least() {
        let plan = plan(&LOAD, &SITE, &Costs::MEASURED);
        let first = plan.first().unwrap();
        assert!(plan.parts.iter().all(|part| part.takes >= first.takes));
    }
}
