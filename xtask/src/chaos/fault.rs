//! Faults, and how they are repaired.

use std::fmt;

use anyhow::{Context as _, Result};

use super::cluster::{Cluster, Server, Servers};
use super::proxy::Mode;
use super::random::Random;
use super::target::api::{Answer, FAULTY};

/// Fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// A server is killed, as by a loss of power.
    Killed(Server),
    /// A server is suspended and resumed later.
    Frozen(Server),
    /// A server is asked to stop, and another one takes its place.
    Replaced(Server),
    /// All connections to a server break at once and can't be made again.
    Cut(Server),
    /// Everything to and from a server is late.
    Slow(Server),
    /// All traffic to and from a server is held back, without an error.
    Held(Server),
    /// The broker's disk alarm: it accepts no messages.
    DiskAlarm,
    /// A table of a shard is missing.
    NoTable(usize, &'static str),
    /// A table of a shard is read-only.
    ReadOnly(usize, &'static str),
    /// A shard's table of events has too many parts, as when ClickHouse can't keep up.
    TooManyParts(usize),
    /// The HTTP API answers otherwise.
    Api(Answer),
}

/// Faults to choose from, the likelier ones more than once.
const FAULTS: [Fault; 22] = [
    Fault::Killed(Server::Instance(0)),
    Fault::Killed(Server::Instance(1)),
    Fault::Killed(Server::Instance(0)),
    Fault::Killed(Server::RabbitMq(0)),
    Fault::Killed(Server::ClickHouse(0)),
    Fault::Killed(Server::ClickHouse(0)),
    Fault::Frozen(Server::Instance(1)),
    Fault::Frozen(Server::ClickHouse(0)),
    Fault::Replaced(Server::Instance(0)),
    Fault::Replaced(Server::Instance(1)),
    Fault::Cut(Server::RabbitMq(0)),
    Fault::Cut(Server::ClickHouse(0)),
    Fault::Slow(Server::RabbitMq(0)),
    Fault::Slow(Server::ClickHouse(0)),
    Fault::Held(Server::ClickHouse(0)),
    Fault::DiskAlarm,
    Fault::NoTable(0, EVENTS),
    Fault::NoTable(0, LETTERS),
    Fault::ReadOnly(0, EVENTS),
    Fault::ReadOnly(0, EVENTS),
    Fault::ReadOnly(0, LETTERS),
    Fault::TooManyParts(0),
];

/// Tables that the load fills, with valid events and with poison.
pub(super) const EVENTS: &str = "event";
const LETTERS: &str = "error_event";

/// Faults of the servers that a run is about: of a cluster the same for each member.
fn of(servers: Servers) -> Vec<Fault> {
    let gone =
        |server| [Fault::Killed, Fault::Frozen, Fault::Cut, Fault::Held].map(|of| of(server));
    let mut faults = Vec::new();
    if servers.nodes > 1 {
        faults.extend((0..servers.nodes).flat_map(|at| gone(Server::RabbitMq(at))));
    }
    if servers.shards > 1 {
        for at in 0..servers.shards {
            faults.extend(gone(Server::ClickHouse(at)));
            faults.extend([EVENTS, LETTERS].map(|table| Fault::NoTable(at, table)));
            faults.extend([EVENTS, LETTERS].map(|table| Fault::ReadOnly(at, table)));
            faults.push(Fault::TooManyParts(at));
        }
    }
    faults.extend((0..servers.kafka).flat_map(|at| gone(Server::Kafka(at))));
    if servers.stores {
        faults.extend(gone(Server::Postgres));
        faults.extend([Fault::Replaced, Fault::Slow].map(|of| of(Server::Postgres)));
        faults.extend(FAULTY.map(Fault::Api));
    }
    faults
}

impl Fault {
    /// Random fault. Where a run is about more than one RabbitMQ and one ClickHouse, it is every other time one of that.
    pub(super) fn draw(random: &mut Random, servers: Servers) -> Self {
        let special = of(servers);
        if !special.is_empty() && random.within(0, 2) == 0 {
            return drawn(random, &special);
        }
        drawn(random, &FAULTS)
    }

    /// True if a process of an instance ends with it.
    pub(super) fn ends_an_instance(self) -> bool {
        matches!(
            self,
            Fault::Killed(Server::Instance(_)) | Fault::Replaced(Server::Instance(_))
        )
    }

    /// The shard that takes no events at once, and says so.
    pub(super) fn shuts(self) -> Option<usize> {
        match self {
            Fault::Killed(Server::ClickHouse(at)) | Fault::Cut(Server::ClickHouse(at)) => Some(at),
            Fault::NoTable(at, EVENTS) | Fault::ReadOnly(at, EVENTS) => Some(at),
            _ => None,
        }
    }

    /// Injects it.
    pub(super) fn begin(self, cluster: &mut Cluster) -> Result<()> {
        match self {
            Fault::Killed(server) => cluster.kill(server),
            Fault::Frozen(server) => cluster.signal(server, "STOP"),
            Fault::Replaced(server) => cluster.stop(server),
            Fault::Cut(server) => {
                cluster.proxy(server)?.set(Mode::Refused);
                cluster.proxy(server)?.cut();
                Ok(())
            }
            Fault::Slow(server) => {
                cluster.proxy(server)?.set(Mode::Slow);
                Ok(())
            }
            Fault::Held(server) => {
                cluster.proxy(server)?.set(Mode::Held);
                Ok(())
            }
            Fault::DiskAlarm => cluster
                .control(&["set_disk_free_limit", "1000000GB"])
                .map(drop),
            Fault::NoTable(shard, table) => {
                let table = cluster.table(table);
                run(
                    cluster,
                    shard,
                    &format!("RENAME TABLE {table} TO {table}_elsewhere"),
                )
            }
            Fault::ReadOnly(shard, table) => {
                let table = cluster.table(table);
                let sql = format!("ALTER TABLE {table} MODIFY SETTING table_readonly = 1");
                run(cluster, shard, &sql)
            }
            Fault::TooManyParts(shard) => {
                let table = cluster.table(EVENTS);
                let settings = "parts_to_throw_insert = 1, parts_to_delay_insert = 1";
                run(
                    cluster,
                    shard,
                    &format!("ALTER TABLE {table} MODIFY SETTING {settings}"),
                )
            }
            Fault::Api(answer) => api(cluster, answer),
        }
    }

    /// Repairs it.
    pub(super) fn end(self, cluster: &mut Cluster) -> Result<()> {
        match self {
            Fault::Killed(server) | Fault::Replaced(server) => cluster.start_again(server),
            Fault::Frozen(server) => cluster.signal(server, "CONT"),
            Fault::Cut(server) | Fault::Slow(server) | Fault::Held(server) => {
                cluster.proxy(server)?.set(Mode::Open);
                Ok(())
            }
            Fault::DiskAlarm => cluster.control(&["set_disk_free_limit", "50MB"]).map(drop),
            Fault::NoTable(shard, table) => {
                let table = cluster.table(table);
                run(
                    cluster,
                    shard,
                    &format!("RENAME TABLE {table}_elsewhere TO {table}"),
                )
            }
            Fault::ReadOnly(shard, table) => {
                let table = cluster.table(table);
                let sql = format!("ALTER TABLE {table} RESET SETTING table_readonly");
                run(cluster, shard, &sql)
            }
            Fault::TooManyParts(shard) => {
                let table = cluster.table(EVENTS);
                let settings = "parts_to_throw_insert, parts_to_delay_insert";
                run(
                    cluster,
                    shard,
                    &format!("ALTER TABLE {table} RESET SETTING {settings}"),
                )
            }
            Fault::Api(_) => api(cluster, Answer::Taken),
        }
    }
}

fn drawn(random: &mut Random, faults: &[Fault]) -> Fault {
    faults[random.within(0, faults.len() as u64) as usize]
}

fn run(cluster: &Cluster, shard: usize, sql: &str) -> Result<()> {
    cluster.shard(shard)?.run(sql).map(drop)
}

fn api(cluster: &Cluster, answer: Answer) -> Result<()> {
    cluster.api().context("there is no API")?.set(answer);
    Ok(())
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |shard: &usize| Server::ClickHouse(*shard);
        match self {
            Fault::Killed(server) => write!(f, "{server} is killed and gone"),
            Fault::Frozen(server) => write!(f, "{server} is frozen"),
            Fault::Replaced(server) => write!(f, "{server} is ended and gone"),
            Fault::Cut(server) => write!(f, "the connections to {server} are cut"),
            Fault::Slow(server) => write!(f, "the connections to {server} are slow"),
            Fault::Held(server) => write!(f, "the connections to {server} are held up"),
            Fault::DiskAlarm => write!(f, "RabbitMQ has no disk left"),
            Fault::NoTable(shard, table) => write!(f, "{table} of {} is missing", of(shard)),
            Fault::ReadOnly(shard, table) => write!(f, "{table} of {} is read-only", of(shard)),
            Fault::TooManyParts(shard) => {
                write!(f, "{EVENTS} of {} has too many parts", of(shard))
            }
            Fault::Api(answer) => write!(f, "{answer}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_member_of_what_a_run_is_about_fails() {
        let servers = Servers {
            nodes: 3,
            shards: 2,
            kafka: 3,
            stores: true,
        };
        let mut random = Random::new(1);
        let drawn: Vec<Fault> = (0..5000)
            .map(|_| Fault::draw(&mut random, servers))
            .collect();
        for fault in of(servers) {
            assert!(drawn.contains(&fault), "{fault}");
        }
        for fault in FAULTS {
            assert!(drawn.contains(&fault), "{fault}");
        }
        assert!(of(Servers::FEW).is_empty());
    }
}
