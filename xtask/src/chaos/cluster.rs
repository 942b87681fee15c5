//! Two instances with what they use behind proxies, each of which can be killed and started again.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::instance::Instance;
use super::proxy::Proxy;
use super::target::Target;
use super::target::api::Api;
use crate::services::clickhouse::{self, Engine};
use crate::services::rabbitmq::{self, Broker};
use crate::services::{Kept, kafka, postgres};

/// Servers beside the instances: how many there are of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Servers {
    /// Nodes of RabbitMQ.
    pub(crate) nodes: usize,
    /// Shards of ClickHouse; 1 for a ClickHouse that is no cluster.
    pub(crate) shards: usize,
    /// Brokers of Kafka; 0 for no queues in Kafka.
    pub(crate) kafka: usize,
    /// True if there is a PostgreSQL, and the HTTP API of a partner.
    pub(crate) stores: bool,
}

/// One of the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Instance(usize),
    /// A node of RabbitMQ.
    RabbitMq(usize),
    /// A shard of ClickHouse.
    ClickHouse(usize),
    /// A broker of Kafka.
    Kafka(usize),
    Postgres,
}

/// Instances and servers.
pub(crate) struct Cluster {
    // Fields are dropped in order: instances end before what they use.
    instances: Vec<Instance>,
    rabbitmq: Vec<Target<Broker>>,
    clickhouse: Vec<Target<Engine>>,
    kafka: Vec<Target<kafka::Node>>,
    postgres: Option<Target<postgres::Server>>,
    api: Option<Api>,
}

impl Servers {
    /// One RabbitMQ and one ClickHouse.
    pub(crate) const FEW: Servers = Servers {
        nodes: 1,
        shards: 1,
        kafka: 0,
        stores: false,
    };
}

impl Cluster {
    /// Starts everything in this directory, with one RabbitMQ and one ClickHouse.
    pub(crate) fn start(executable: &Path, directory: &Path) -> Result<Self> {
        Self::start_with(executable, executable, directory, Servers::FEW)
    }

    /// Starts everything, with instances of another build than the rest, and these servers.
    pub(crate) fn start_with(
        instances: &Path,
        executable: &Path,
        directory: &Path,
        servers: Servers,
    ) -> Result<Self> {
        let placed = (0..2).map(|number| {
            Instance::place(instances, directory.join(format!("instance-{number}.log")))
        });
        let stores = servers.stores;
        let mut cluster = Cluster {
            instances: placed.collect::<Result<_>>()?,
            rabbitmq: Target::<Broker>::rabbitmq(directory, servers.nodes)?,
            clickhouse: Target::<Engine>::clickhouse(executable, directory, servers.shards)?,
            kafka: Target::<kafka::Node>::kafka(directory, servers.kafka)?,
            postgres: stores
                .then(|| Target::<postgres::Server>::postgres(directory))
                .transpose()?,
            api: stores.then(Api::start).transpose()?,
        };
        cluster.migrate(instances)?;
        // Some of the poison is for the table to refuse.
        let events = cluster.table("event");
        for target in &cluster.clickhouse {
            target.server.run(&format!(
                "ALTER TABLE {events} ADD CONSTRAINT no_poison CHECK session_id != 'poison'"
            ))?;
        }
        let variables = cluster.variables();
        for number in 0..cluster.instances.len() {
            if let Some(instance) = cluster.instances.get_mut(number) {
                instance.variables.clone_from(&variables);
            }
            cluster.start_again(Server::Instance(number))?;
        }
        Ok(cluster)
    }

    /// Migrates the tables to a build's schema.
    pub(crate) fn migrate(&self, executable: &Path) -> Result<()> {
        let mut migrate = Command::new(executable);
        migrate.args(["migrate", "--clickhouse-url", &self.clickhouse_url()]);
        if let Some(url) = self.postgres_url() {
            migrate.args(["--postgres-url", &url]);
        }
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

    /// Variables with which instances find what is beside RabbitMQ and ClickHouse.
    fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = Vec::new();
        if let Some(brokers) = self.kafka_brokers() {
            variables.push(("EVENT_GRPC_KAFKA_BROKERS", brokers));
        }
        if let Some(target) = &self.postgres {
            let url = postgres::url(target.proxy.port());
            variables.push(("EVENT_GRPC_POSTGRES_URL", url));
        }
        if let Some(api) = &self.api {
            let name = |name| (name, "chaos".to_owned());
            variables.extend(["WEBENGAGE_KEY", "WEBENGAGE_BRAND_KEY"].map(name));
            let url = |name| (name, api.url());
            variables.extend(["WEBENGAGE_EVENTS_URL", "WEBENGAGE_BRAND_EVENTS_URL"].map(url));
        }
        variables
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

    /// RabbitMQ behind the proxies.
    pub(crate) fn amqp_url(&self) -> String {
        let ports = self.rabbitmq.iter().map(|target| target.proxy.port());
        rabbitmq::url_of(&ports.collect::<Vec<_>>())
    }

    /// ClickHouse without the proxies.
    pub(crate) fn clickhouse_url(&self) -> String {
        let ports = self.clickhouse.iter().map(|target| target.server.port());
        format!("{}/chaos", clickhouse::url_of(&ports.collect::<Vec<_>>()))
    }

    /// Kafka behind the proxies, which its brokers tell their clients as well.
    pub(crate) fn kafka_brokers(&self) -> Option<String> {
        let ports = self.kafka.iter().map(|target| target.proxy.port());
        let brokers: Vec<String> = ports.map(|port| format!("127.0.0.1:{port}")).collect();
        (!brokers.is_empty()).then(|| brokers.join(","))
    }

    /// PostgreSQL without the proxy.
    pub(crate) fn postgres_url(&self) -> Option<String> {
        let target = self.postgres.as_ref();
        target.map(|target| postgres::url(target.server.port()))
    }

    /// The HTTP API.
    pub(crate) fn api(&self) -> Option<&Api> {
        self.api.as_ref()
    }

    /// Proxy between the instances and a server.
    pub(super) fn proxy(&self, server: Server) -> Result<&Proxy> {
        let proxy = match server {
            Server::ClickHouse(at) => self.clickhouse.get(at).map(|target| &target.proxy),
            Server::RabbitMq(at) => self.rabbitmq.get(at).map(|target| &target.proxy),
            Server::Kafka(at) => self.kafka.get(at).map(|target| &target.proxy),
            Server::Postgres => self.postgres.as_ref().map(|target| &target.proxy),
            Server::Instance(_) => None,
        };
        proxy.with_context(|| format!("there is no proxy before {server}"))
    }

    /// Kills a server.
    pub(crate) fn kill(&mut self, server: Server) -> Result<()> {
        self.signal(server, "KILL")?;
        self.stop(server)
    }

    /// Asks a server to stop, and waits until it has.
    pub(super) fn stop(&mut self, server: Server) -> Result<()> {
        drop(self.slot(server)?.take());
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
        if let (Server::Postgres, Some(target)) = (server, &self.postgres)
            && let Some(kept) = &target.kept
        {
            return target.server.signal(kept, signal);
        }
        match self.slot(server)? {
            Some(kept) => kept.signal(signal),
            None => bail!("{server} doesn't run"),
        }
    }

    /// Starts a stopped server, and waits until it answers.
    pub(crate) fn start_again(&mut self, server: Server) -> Result<()> {
        let none = || format!("there is no {server}");
        let kept = match server {
            Server::RabbitMq(at) => {
                let target = self.rabbitmq.get(at).with_context(none)?;
                target.server.start(None)?
            }
            Server::ClickHouse(at) => self.shard(at)?.start(None)?,
            Server::Kafka(at) => {
                let target = self.kafka.get(at).with_context(none)?;
                target.server.start(None)?
            }
            Server::Postgres => {
                let target = self.postgres.as_ref().with_context(none)?;
                target.server.start(None)?
            }
            Server::Instance(number) => {
                let instance = self.instances.get(number).with_context(none)?;
                let ports = self.clickhouse.iter().map(|target| target.proxy.port());
                let clickhouse = clickhouse::url_of(&ports.collect::<Vec<_>>());
                instance.start(&self.amqp_url(), &format!("{clickhouse}/chaos"))?
            }
        };
        *self.slot(server)? = Some(kept);
        Ok(())
    }

    /// Runs `rabbitmqctl`.
    pub(crate) fn control(&self, args: &[&str]) -> Result<String> {
        let first = self.rabbitmq.first().context("there is no RabbitMQ")?;
        first.server.control(args)
    }

    /// A shard of ClickHouse without the proxy.
    pub(super) fn shard(&self, at: usize) -> Result<&Engine> {
        let target = self.clickhouse.get(at);
        Ok(&target.context("there is no such shard")?.server)
    }

    /// Number of shards.
    pub(super) fn shards(&self) -> usize {
        self.clickhouse.len()
    }

    /// The table of a server that holds the rows of a table: of a cluster that of the shard.
    pub(super) fn table(&self, name: &str) -> String {
        let local = if self.clickhouse.len() > 1 {
            "_local"
        } else {
            ""
        };
        format!("chaos.{name}{local}")
    }

    /// The answer of a query.
    pub(crate) fn query(&self, query: &str) -> Result<String> {
        Ok(self.shard(0)?.run(query)?.trim().to_owned())
    }

    /// Number of dead letters.
    pub(crate) fn dead_letters(&self) -> Result<u64> {
        let count = self.query("SELECT count() FROM chaos.error_event FINAL")?;
        count
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
        match self.control(&list) {
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
        let slot = match server {
            Server::RabbitMq(at) => self.rabbitmq.get_mut(at).map(|target| &mut target.kept),
            Server::ClickHouse(at) => self.clickhouse.get_mut(at).map(|target| &mut target.kept),
            Server::Kafka(at) => self.kafka.get_mut(at).map(|target| &mut target.kept),
            Server::Postgres => self.postgres.as_mut().map(|target| &mut target.kept),
            Server::Instance(at) => self.instances.get_mut(at).map(|target| &mut target.kept),
        };
        slot.with_context(|| format!("there is no {server}"))
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Server::Instance(number) => write!(f, "instance {number}"),
            Server::RabbitMq(0) => write!(f, "RabbitMQ"),
            Server::RabbitMq(node) => write!(f, "RabbitMQ's node {node}"),
            Server::ClickHouse(0) => write!(f, "ClickHouse"),
            Server::ClickHouse(shard) => write!(f, "ClickHouse's shard {shard}"),
            Server::Kafka(broker) => write!(f, "Kafka's broker {broker}"),
            Server::Postgres => write!(f, "PostgreSQL"),
        }
    }
}
