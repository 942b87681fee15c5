//! Many events through each library, while servers are killed: what the library took is stored once.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::build::Executables;
use crate::chaos::cluster::{Cluster, Server};
use crate::chaos::wait;
use crate::libraries::Library;
use crate::services::{Keep, Kept, install};

/// Events of each library, if nothing else is said.
pub(super) const EVENTS: u64 = 100_000;

/// Pages with the TypeScript library, as the load generator starts them.
const PAGES: &str = "pages=node clients/typescript/test/browser/driver.mjs";

/// Sends events with each library, one after the other, into two instances with RabbitMQ and ClickHouse.
pub(super) fn run(
    root: &Path,
    built: &Executables,
    libraries: &[Library],
    count: u64,
    interrupt: &Receiver<()>,
) -> Result<()> {
    let directory = tempfile::Builder::new()
        .prefix("event-grpc-clients-")
        .tempdir()?;
    let mut cluster = Cluster::start(&built.server, directory.path())?;
    for library in libraries {
        let load = sender(root, built, &cluster, &library.driver(), count)?;
        torment(&mut cluster, &load, interrupt)
            .with_context(|| format!("{} with faults", library.name()))?;
        if library.name() == "typescript" {
            let Some(chromium) = chromium() else {
                println!("typescript: pages with faults not run, there is no Chromium");
                continue;
            };
            let mut load = sender(root, built, &cluster, PAGES, count)?;
            // Its tabs come and go by themselves.
            load.args(["--crashes", "0"]).env("CHROMIUM", chromium);
            torment(&mut cluster, &load, interrupt).context("pages with faults")?;
        }
    }
    Ok(())
}

/// The Chromium that was named, or that is on the path.
fn chromium() -> Option<PathBuf> {
    let named = ["CHROMIUM", "EVENT_GRPC_TEST_CHROMIUM"]
        .into_iter()
        .find_map(env::var_os);
    named.map(PathBuf::from).or_else(install::chromium_program)
}

/// What sends with a driver.
fn sender(
    root: &Path,
    built: &Executables,
    cluster: &Cluster,
    driver: &str,
    count: u64,
) -> Result<Command> {
    let mut command = Command::new(&built.loadgen);
    command.current_dir(root).arg("sender-faults");
    command.args(["--library", driver, "--count", &count.to_string()]);
    for number in 0..2 {
        let address = format!("http://127.0.0.1:{}", cluster.http(number)?);
        command.arg("--to").arg(address);
    }
    command.args(["--clickhouse-url", &cluster.clickhouse_url()]);
    Ok(command)
}

/// Kills one server after the other as long as the load runs, and starts it again.
fn torment(cluster: &mut Cluster, load: &Command, interrupt: &Receiver<()>) -> Result<()> {
    let keep = Keep {
        name: "the senders",
        signal: "TERM",
        directory: None,
        log: None,
    };
    let mut load = Kept::spawn(&keep, load)?;
    let turns = [
        Server::Instance(0),
        Server::ClickHouse(0),
        Server::Instance(1),
        Server::RabbitMq(0),
    ];
    for server in turns.into_iter().cycle() {
        for _ in 0..30 {
            match load.ended()? {
                Some(status) if status.success() => return Ok(()),
                Some(_) => bail!("events are missing, doubled or were given up"),
                None => wait(interrupt, Duration::from_millis(200))?,
            }
        }
        cluster.kill(server)?;
        wait(interrupt, Duration::from_secs(1))?;
        cluster.start_again(server)?;
    }
    Ok(())
}
