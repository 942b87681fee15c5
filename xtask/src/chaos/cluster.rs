//! Two instances with RabbitMQ and ClickHouse behind proxies, each of which can be killed and started again.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::instance::Instance;
use super::proxy::Proxy;
use crate::services::clickhouse::{self, Engine};
use crate::services::rabbitmq::{self, Broker};
use crate::services::{Kept, ports};

/// One of the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Instance(usize),
    /// A node of the broker.
    RabbitMq(usize),
    ClickHouse,
}

/// Instances and servers.
pub(crate) struct Cluster {
    // Fields are dropped in order: instances end before what they use.
    instances: Vec<Instance>,
    nodes: Vec<Node>,
    clickhouse: Option<Kept>,
    engine: Engine,
    to_clickhouse: Proxy,
}

/// A node of the broker behind its proxy.
struct Node {
    kept: Option<Kept>,
    broker: Broker,
    proxy: Proxy,
}

impl Cluster {
    /// Starts everything in this directory.
    pub(crate) fn start(executable: &Path, directory: &Path) -> Result<Self> {
        Self::start_with(executable, executable, directory, 1)
    }

    /// Starts everything, with instances of another build than the rest, and so many nodes of the broker.
    pub(crate) fn start_with(
        instances: &Path,
        executable: &Path,
        directory: &Path,
        nodes: usize,
    ) -> Result<Self> {
        let place = |name: &str| {
            let place = directory.join(name);
            fs::create_dir(&place).map(|()| place)
        };
        let nodes = Node::start_all(&place("rabbitmq")?, nodes)?;
        let engine = Engine::prepare(executable.to_owned(), &place("clickhouse")?)?;
        let to_clickhouse = Proxy::start(ports::free()?, engine.port())?;
        let placed = (0..2).map(|number| {
            Instance::place(instances, directory.join(format!("instance-{number}.log")))
        });
        let mut cluster = Cluster {
            instances: placed.collect::<Result<_>>()?,
            nodes,
            clickhouse: Some(engine.start(None)?),
            engine,
            to_clickhouse,
        };
        cluster.migrate(instances)?;
        // Some of the poison is for the table to refuse.
        cluster
            .sql("ALTER TABLE chaos.event ADD CONSTRAINT no_poison CHECK session_id != 'poison'")?;
        for number in 0..cluster.instances.len() {
            cluster.start_again(Server::Instance(number))?;
        }
        Ok(cluster)
    }

    /// Migrates the tables to a build's schema.
    pub(crate) fn migrate(&self, executable: &Path) -> Result<()> {
        let mut migrate = Command::new(executable);
        migrate.args(["migrate", "--clickhouse-url", &self.clickhouse_url()]);
        let migrated = migrate
            .output()
            .context("event-grpc migrate can't be run")?;
        if !migrated.status.success() {
            bail!(
                "event-grpc migrate failed: {}",
                String::from_utf8_lossy(&migrated.stderr)
            );
        }
        Ok(())
    }

    /// Replaces an instance by one of this build.
    pub(crate) fn replace(&mut self, number: usize, executable: &Path) -> Result<()> {
        self.end(number);
        if let Some(instance) = self.instances.get_mut(number) {
            instance.executable = executable.to_owned();
        }
        self.start_again(Server::Instance(number))
    }

    /// gRPC addresses of the instances.
    pub(crate) fn grpc(&self) -> Vec<String> {
        self.instances
            .iter()
            .map(|i| format!("http://127.0.0.1:{}", i.grpc))
            .collect()
    }

    /// Operations ports of the instances.
    pub(crate) fn ops(&self) -> Vec<u16> {
        self.instances.iter().map(|i| i.ops).collect()
    }

    /// HTTP port of an instance.
    pub(crate) fn http(&self, number: usize) -> Result<u16> {
        let instance = self.instances.get(number);
        Ok(instance.context("there is no such instance")?.http)
    }

    /// Processes of the instances.
    pub(crate) fn pids(&self) -> Result<Vec<u32>> {
        let running = self.instances.iter().filter_map(|i| i.kept.as_ref());
        running.map(|kept| kept.pid_of(" serve ")).collect()
    }

    /// ClickHouse without the proxy.
    pub(crate) fn clickhouse_url(&self) -> String {
        format!("{}/chaos", clickhouse::url(self.engine.port()))
    }

    /// Proxy between the instances and a server.
    pub(super) fn proxy(&self, server: Server) -> Result<&Proxy> {
        Ok(match server {
            Server::ClickHouse => &self.to_clickhouse,
            Server::RabbitMq(node) => &self.node(node)?.proxy,
            Server::Instance(_) => bail!("there is no proxy before {server}"),
        })
    }

    /// A node of the broker.
    fn node(&self, number: usize) -> Result<&Node> {
        self.nodes.get(number).context("there is no such node")
    }

    /// Number of nodes of the broker.
    pub(super) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Kills a server.
    pub(crate) fn kill(&mut self, server: Server) -> Result<()> {
        let slot = self.slot(server)?;
        if let Some(kept) = slot.take() {
            kept.signal("KILL")?;
        }
        Ok(())
    }

    /// Asks an instance to stop, and waits until it has.
    pub(crate) fn end(&mut self, number: usize) {
        if let Some(instance) = self.instances.get_mut(number) {
            drop(instance.kept.take());
        }
    }

    /// Sends a signal to a server.
    pub(crate) fn signal(&mut self, server: Server, signal: &str) -> Result<()> {
        match self.slot(server)? {
            Some(kept) => kept.signal(signal),
            None => bail!("{server} doesn't run"),
        }
    }

    /// Starts a stopped server, and waits until it answers.
    pub(crate) fn start_again(&mut self, server: Server) -> Result<()> {
        let kept = match server {
            Server::RabbitMq(node) => self.node(node)?.broker.start(None)?,
            Server::ClickHouse => self.engine.start(None)?,
            Server::Instance(number) => {
                let instance = self
                    .instances
                    .get(number)
                    .context("there is no such instance")?;
                let clickhouse = clickhouse::url(self.to_clickhouse.port());
                instance.start(&self.amqp_url(), &format!("{clickhouse}/chaos"))?
            }
        };
        *self.slot(server)? = Some(kept);
        Ok(())
    }

    /// Runs `rabbitmqctl`.
    pub(crate) fn control(&self, args: &[&str]) -> Result<()> {
        self.node(0)?.broker.control(args).map(drop)
    }

    /// Runs a statement in ClickHouse.
    pub(crate) fn sql(&self, statement: &str) -> Result<()> {
        self.engine.run(statement).map(drop)
    }

    /// The answer of a query.
    pub(crate) fn query(&self, query: &str) -> Result<String> {
        Ok(self.engine.run(query)?.trim().to_owned())
    }

    /// RabbitMQ behind the proxies.
    pub(crate) fn amqp_url(&self) -> String {
        let ports = self.nodes.iter().map(|node| node.proxy.port());
        rabbitmq::url_of(&ports.collect::<Vec<_>>())
    }

    /// Number of dead letters.
    pub(crate) fn dead_letters(&self) -> Result<u64> {
        let count = self
            .engine
            .run("SELECT count() FROM chaos.error_event FINAL")?;
        count
            .trim()
            .parse()
            .with_context(|| format!("{count} is no count"))
    }

    /// Queues that hold messages, and their numbers: ready, and unacknowledged.
    pub(crate) fn waiting(&self) -> String {
        let list = [
            "-q",
            "list_queues",
            "--no-table-headers",
            "name",
            "messages_ready",
            "messages_unacknowledged",
        ];
        let asked = self.node(0).and_then(|node| node.broker.control(&list));
        match asked {
            Ok(lines) => {
                let holds = lines.lines().filter(|line| !line.ends_with("\t0\t0"));
                holds.map(|line| format!("{line}\n")).collect()
            }
            Err(error) => format!("{error:#}\n"),
        }
    }

    /// Ends of the instances' logs.
    pub(crate) fn logs(&self) -> String {
        let mut text = String::new();
        for (number, instance) in self.instances.iter().enumerate() {
            let log = fs::read_to_string(&instance.log).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let last = lines[lines.len().saturating_sub(60)..].join("\n");
            text.push_str(&format!("--- {}\n{last}\n", Server::Instance(number)));
        }
        text
    }

    fn slot(&mut self, server: Server) -> Result<&mut Option<Kept>> {
        Ok(match server {
            Server::RabbitMq(node) => {
                let node = self.nodes.get_mut(node);
                &mut node.context("there is no such node")?.kept
            }
            Server::ClickHouse => &mut self.clickhouse,
            Server::Instance(number) => {
                let instance = self.instances.get_mut(number);
                &mut instance.context("there is no such instance")?.kept
            }
        })
    }
}

// === impl Node ===

impl Node {
    /// Starts the nodes of a broker side by side, since those of a cluster wait for each other.
    fn start_all(directory: &Path, count: usize) -> Result<Vec<Node>> {
        let brokers = match count {
            1 => vec![Broker::prepare(directory)?],
            count => Broker::prepare_cluster(directory, count)?,
        };
        let started = std::thread::scope(|scope| {
            let threads = brokers
                .iter()
                .map(|broker| scope.spawn(|| broker.start(None)));
            let threads: Vec<_> = threads.collect();
            let ended = threads.into_iter().map(|thread| thread.join());
            let told = ended.map(|ended| ended.unwrap_or_else(|_| bail!("a thread panicked")));
            told.collect::<Result<Vec<Kept>>>()
        })?;
        let nodes = brokers.into_iter().zip(started).map(|(broker, kept)| {
            Ok(Node {
                proxy: Proxy::start(ports::free()?, broker.port())?,
                kept: Some(kept),
                broker,
            })
        });
        let nodes = nodes.collect::<Result<Vec<_>>>()?;
        if let Some(first) = nodes.first().filter(|_| count > 1) {
            let status = ["await_online_nodes", &count.to_string()].map(str::to_owned);
            let words: Vec<&str> = status.iter().map(String::as_str).collect();
            first.broker.control(&words)?;
        }
        Ok(nodes)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Server::Instance(number) => write!(f, "instance {number}"),
            Server::RabbitMq(0) => write!(f, "RabbitMQ"),
            Server::RabbitMq(node) => write!(f, "RabbitMQ's node {node}"),
            Server::ClickHouse => write!(f, "ClickHouse"),
        }
    }
}
