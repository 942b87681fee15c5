//! Walks past one machine, by the documented steps and under a load: one ClickHouse server becomes a cluster of two shards, one
//! queue four partitions and one again, RabbitMQ Kafka and RabbitMQ again. In the end every acknowledged event is stored once,
//! nothing is a dead letter, and the ledger has a place for every message.

mod kafka;
mod partitions;
mod shards;
mod site;

use std::path::Path;
use std::sync::mpsc::Receiver;

use anyhow::{Context as _, Result};

use super::changes::{self, Change};
use crate::ground::Servers;
use crate::services::kafka_jars;
use site::Site;

/// The queue that the load fills.
const QUEUE: &str = "grpc_clickhouse_event_q";

/// The servers of a walk, and its steps.
struct Walk {
    name: &'static str,
    servers: Servers,
    steps: fn(&mut Site<'_>) -> Result<()>,
}

const WALKS: [Walk; 3] = [
    Walk {
        name: "shards",
        servers: Servers {
            engines: 2,
            kafka: false,
        },
        steps: shards::walk,
    },
    Walk {
        name: "partitions",
        servers: Servers {
            engines: 1,
            kafka: false,
        },
        steps: partitions::walk,
    },
    Walk {
        name: "kafka",
        servers: Servers {
            engines: 1,
            kafka: true,
        },
        steps: kafka::walk,
    },
];

/// Takes the steps of a change between this tree's build and the changed one's.
pub(super) fn run(
    root: &Path,
    change: &Change,
    folder: &Path,
    interrupt: &Receiver<()>,
) -> Result<()> {
    let walk = WALKS.iter().find(|walk| walk.name == change.kind);
    let walk = walk.with_context(|| format!("nobody walks {}", change.kind))?;
    if walk.servers.kafka && !kafka_jars::can_run() {
        println!(
            "{}: left out, since Java and Maven are not installed",
            walk.name
        );
        return Ok(());
    }
    let declared = tempfile::tempdir()?;
    changes::release(root, std::slice::from_ref(change), declared.path())?;
    let builds = super::builds(root, walk.name, declared.path(), folder)?;
    println!("{}: {}", walk.name, change.what);
    let mut site = Site::start(&builds, walk.servers, &folder.join(walk.name), interrupt)?;
    let went = (walk.steps)(&mut site).and_then(|()| site.end());
    let went = went.inspect_err(|_| println!("{}", site.ground.state()));
    went.with_context(|| format!("the walk {}", walk.name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;

    /// What happens then is shown by `cargo xtask walk`.
    #[test]
    fn each_change_past_one_machine_is_predicted_and_walked() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let changes = changes::read(&root, changes::SCALE).unwrap();
        let names: Vec<&str> = changes.iter().map(|change| &*change.kind).collect();
        assert_eq!(names, WALKS.map(|walk| walk.name));
        for change in &changes {
            changes::predict(&root, change).unwrap();
        }
    }
}
