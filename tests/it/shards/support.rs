//! Engines as the shards of a cluster, and pipelines on it.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use event_grpc::contract::{
    Cluster, Destination, Migration, Pipeline, Queue, Sharding, Storage, Table,
};
use event_grpc::sink::clickhouse::engine::provision::{Places, Program, provide};
use event_grpc::sink::clickhouse::{Address, ClickHouse};
use tempfile::TempDir;

use crate::kinds::divided;

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_event-grpc");

/// The cluster's name, which has a dash.
pub(crate) const NAME: &str = "event-store";

/// Engines, each a shard of a cluster as long as it is among the configured ones.
pub(crate) struct Shards {
    program: PathBuf,
    directory: TempDir,
    /// Ports for HTTP and for the native protocol.
    ports: Vec<[u16; 2]>,
    running: Vec<Option<Child>>,
}

fn free() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Shards {
    /// Prepares so many engines, and starts the first ones as a cluster of so many shards.
    pub(crate) async fn start(engines: usize, shards: usize) -> Self {
        let program = provide(&Places::of_this_user(None), true).await.unwrap();
        let Program::Library(program) = program else {
            panic!("these tests run the engine as a library");
        };
        let mut all = Shards {
            program,
            directory: tempfile::tempdir().unwrap(),
            ports: (0..engines).map(|_| [free(), free()]).collect(),
            running: (0..engines).map(|_| None).collect(),
        };
        all.become_shards(shards).await;
        all
    }

    /// Starts the first engines anew, as a cluster of so many shards.
    pub(crate) async fn become_shards(&mut self, shards: usize) {
        for at in 0..shards {
            self.kill(at);
            self.configure(at, shards);
            self.run(at).await;
        }
    }

    fn data(&self, at: usize) -> PathBuf {
        self.directory.path().join(at.to_string())
    }

    /// The engine reads a config.xml of its working directory.
    fn configure(&self, at: usize, shards: usize) {
        let shard = |[_, native]: &[u16; 2]| {
            format!("<shard><replica><host>127.0.0.1</host><port>{native}</port></replica></shard>")
        };
        let all: String = self.ports.iter().take(shards).map(shard).collect();
        let text = format!(
            "<clickhouse><remote_servers><{NAME}>{all}</{NAME}></remote_servers></clickhouse>"
        );
        std::fs::create_dir_all(self.data(at)).unwrap();
        std::fs::write(self.data(at).join("config.xml"), text).unwrap();
    }

    /// Starts an engine over its data and waits until it answers.
    pub(crate) async fn run(&mut self, at: usize) {
        let [http, native] = self.ports[at];
        let data = self.data(at);
        let log = std::fs::File::create(self.directory.path().join(format!("{at}.log"))).unwrap();
        let child = Command::new(EXECUTABLE)
            .args(["engine", "--library"])
            .arg(&self.program)
            .arg("--path")
            .arg(&data)
            .args([
                "--http-port",
                &http.to_string(),
                "--tcp-port",
                &native.to_string(),
            ])
            .current_dir(&data)
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.running[at] = Some(child);
        let store = self.store(at);
        for _ in 0..300 {
            if store.run(None, "SELECT 1").await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!(
            "engine {at} does not answer; its log is in {}",
            self.directory.path().display()
        );
    }

    /// Ends an engine as nobody expects.
    pub(crate) fn kill(&mut self, at: usize) {
        if let Some(mut child) = self.running[at].take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// The database at one engine.
    pub(crate) fn store(&self, at: usize) -> ClickHouse {
        ClickHouse::new(self.address(at..at + 1)).unwrap()
    }

    /// The database on the cluster of these engines.
    pub(crate) fn cluster(&self, shards: usize) -> ClickHouse {
        ClickHouse::new(self.address(0..shards)).unwrap()
    }

    fn address(&self, engines: std::ops::Range<usize>) -> Address {
        let hosts: Vec<String> = self.ports[engines]
            .iter()
            .map(|[http, _]| format!("127.0.0.1:{http}"))
            .collect();
        Address::parse(&format!("http://{}/events", hosts.join(","))).unwrap()
    }
}

impl Drop for Shards {
    fn drop(&mut self) {
        (0..self.running.len()).for_each(|at| self.kill(at));
    }
}

/// The divided pipeline with these migrations on a cluster of so many shards.
pub(crate) fn pipeline(
    shards: usize,
    replicated: bool,
    migrations: &'static [Migration],
) -> &'static Pipeline {
    let names = |of: &str| -> &'static [&'static str] {
        let name = |shard| -> &'static str { format!("{of}/{shard}").leak() };
        (1..=shards).map(name).collect::<Vec<_>>().leak()
    };
    let table = |table: &&'static Table| -> &'static Table {
        let Storage::Cluster(sharding) = table.storage else {
            return table;
        };
        let sharding = Sharding {
            database: sharding.database,
            cluster: Cluster {
                replicated,
                quorum: replicated,
                shards: names(NAME),
                ..sharding.cluster
            },
            key: sharding.key,
            shards: names(table.name),
        };
        Box::leak(Box::new(Table {
            storage: Storage::Cluster(Box::leak(Box::new(sharding))),
            ..**table
        }))
    };
    let all = &divided::PIPELINE;
    let tables: Vec<&'static Table> = all.tables.iter().map(table).collect();
    let tables: &'static [&'static Table] = tables.leak();
    let queue = |queue: &Queue| Queue {
        into: match queue.into {
            Destination::Table(of) => {
                Destination::Table(tables.iter().find(|table| table.name == of.name).unwrap())
            }
            other => other,
        },
        ..*queue
    };
    let queues: Vec<Queue> = all.queues.iter().map(queue).collect();
    Box::leak(Box::new(Pipeline {
        tables,
        queues: queues.leak(),
        migrations,
        ..*all
    }))
}
