//! Faults, and how they are repaired.

use std::fmt;

use anyhow::Result;

use super::cluster::{Cluster, Server};
use super::proxy::Mode;
use super::random::Random;

/// Fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// A server is killed, as by a loss of power.
    Killed(Server),
    /// A server is suspended and resumed later.
    Frozen(Server),
    /// An instance is asked to stop, and another one takes its place.
    Replaced(usize),
    /// All connections to a server break at once and can't be made again.
    Cut(Server),
    /// Everything to and from a server is late.
    Slow(Server),
    /// All traffic to and from a server is held back, without an error.
    Held(Server),
    /// The broker's disk alarm: it accepts no messages.
    DiskAlarm,
    /// A table is missing.
    NoTable(&'static str),
    /// A table is read-only.
    ReadOnly(&'static str),
    /// A table has too many parts, as when ClickHouse can't keep up.
    TooManyParts,
}

/// Faults to choose from, the likelier ones more than once.
const FAULTS: [Fault; 22] = [
    Fault::Killed(Server::Instance(0)),
    Fault::Killed(Server::Instance(1)),
    Fault::Killed(Server::Instance(0)),
    Fault::Killed(Server::RabbitMq(0)),
    Fault::Killed(Server::ClickHouse),
    Fault::Killed(Server::ClickHouse),
    Fault::Frozen(Server::Instance(1)),
    Fault::Frozen(Server::ClickHouse),
    Fault::Replaced(0),
    Fault::Replaced(1),
    Fault::Cut(Server::RabbitMq(0)),
    Fault::Cut(Server::ClickHouse),
    Fault::Slow(Server::RabbitMq(0)),
    Fault::Slow(Server::ClickHouse),
    Fault::Held(Server::ClickHouse),
    Fault::DiskAlarm,
    Fault::NoTable(EVENTS),
    Fault::NoTable(LETTERS),
    Fault::ReadOnly(EVENTS),
    Fault::ReadOnly(EVENTS),
    Fault::ReadOnly(LETTERS),
    Fault::TooManyParts,
];

/// Tables that the load fills, with valid events and with poison.
const EVENTS: &str = "chaos.event";
const LETTERS: &str = "chaos.error_event";

impl Fault {
    /// Random fault. Of a broker of several nodes it is mostly one of these that fails.
    pub(super) fn draw(random: &mut Random, nodes: usize) -> Self {
        if nodes > 1 && random.within(0, 2) == 0 {
            let node = Server::RabbitMq(random.within(0, nodes as u64) as usize);
            let of_nodes = [Fault::Killed, Fault::Frozen, Fault::Cut, Fault::Held];
            let fault = of_nodes.get(random.within(0, of_nodes.len() as u64) as usize);
            return fault.map_or(Fault::Killed(node), |fault| fault(node));
        }
        FAULTS[random.within(0, FAULTS.len() as u64) as usize]
    }

    /// Injects it.
    pub(super) fn begin(self, cluster: &mut Cluster) -> Result<()> {
        match self {
            Fault::Killed(server) => cluster.kill(server),
            Fault::Frozen(server) => cluster.signal(server, "STOP"),
            Fault::Replaced(number) => {
                cluster.end(number);
                Ok(())
            }
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
            Fault::DiskAlarm => cluster.control(&["set_disk_free_limit", "1000000GB"]),
            Fault::NoTable(table) => {
                cluster.sql(&format!("RENAME TABLE {table} TO {table}_elsewhere"))
            }
            Fault::ReadOnly(table) => {
                cluster.sql(&format!("ALTER TABLE {table} MODIFY SETTING table_readonly = 1"))
            }
            Fault::TooManyParts => cluster.sql(
                "ALTER TABLE chaos.event MODIFY SETTING parts_to_throw_insert = 1, parts_to_delay_insert = 1",
            ),
        }
    }

    /// Repairs it.
    pub(super) fn end(self, cluster: &mut Cluster) -> Result<()> {
        match self {
            Fault::Killed(server) => cluster.start_again(server),
            Fault::Frozen(server) => cluster.signal(server, "CONT"),
            Fault::Replaced(number) => cluster.start_again(Server::Instance(number)),
            Fault::Cut(server) | Fault::Slow(server) | Fault::Held(server) => {
                cluster.proxy(server)?.set(Mode::Open);
                Ok(())
            }
            Fault::DiskAlarm => cluster.control(&["set_disk_free_limit", "50MB"]),
            Fault::NoTable(table) => {
                cluster.sql(&format!("RENAME TABLE {table}_elsewhere TO {table}"))
            }
            Fault::ReadOnly(table) => {
                cluster.sql(&format!("ALTER TABLE {table} RESET SETTING table_readonly"))
            }
            Fault::TooManyParts => cluster.sql(
                "ALTER TABLE chaos.event RESET SETTING parts_to_throw_insert, parts_to_delay_insert",
            ),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Killed(server) => write!(f, "{server} is killed and gone"),
            Fault::Frozen(server) => write!(f, "{server} is frozen"),
            Fault::Replaced(number) => write!(f, "{} is ended and gone", Server::Instance(*number)),
            Fault::Cut(server) => write!(f, "the connections to {server} are cut"),
            Fault::Slow(server) => write!(f, "the connections to {server} are slow"),
            Fault::Held(server) => write!(f, "the connections to {server} are held up"),
            Fault::DiskAlarm => write!(f, "RabbitMQ has no disk left"),
            Fault::NoTable(table) => write!(f, "{table} is missing"),
            Fault::ReadOnly(table) => write!(f, "{table} is read-only"),
            Fault::TooManyParts => write!(f, "{EVENTS} has too many parts"),
        }
    }
}
