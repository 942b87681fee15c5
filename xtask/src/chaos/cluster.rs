//! Two instances with RabbitMQ and ClickHouse behind proxies, each of which can be killed and started again.

use std::fmt;
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::proxy::Proxy;
use crate::services::clickhouse::{self, Engine};
use crate::services::rabbitmq::{self, Broker};
use crate::services::{Keep, Kept, ports};

/// Start timeout of an instance.
const START_LIMIT: Duration = Duration::from_secs(60);

/// One of the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    Instance(usize),
    RabbitMq,
    ClickHouse,
}

/// Instances and servers.
pub(super) struct Cluster {
    // Fields are dropped in order: instances end before what they use.
    instances: Vec<Instance>,
    rabbitmq: Option<Kept>,
    clickhouse: Option<Kept>,
    broker: Broker,
    engine: Engine,
    to_rabbitmq: Proxy,
    to_clickhouse: Proxy,
}

struct Instance {
    kept: Option<Kept>,
    grpc: u16,
    http: u16,
    ops: u16,
    log: PathBuf,
    executable: PathBuf,
}

impl Cluster {
    /// Starts everything in this directory.
    pub(super) fn start(executable: &Path, directory: &Path) -> Result<Self> {
        Self::start_with(executable, executable, directory)
    }

    /// Starts everything, with instances of another build than the rest.
    pub(super) fn start_with(
        instances: &Path,
        executable: &Path,
        directory: &Path,
    ) -> Result<Self> {
        let place = |name: &str| {
            let place = directory.join(name);
            fs::create_dir(&place).map(|()| place)
        };
        let broker = Broker::prepare(&place("rabbitmq")?)?;
        let engine = Engine::prepare(executable.to_owned(), &place("clickhouse")?)?;
        let to_rabbitmq = Proxy::start(ports::free()?, broker.port())?;
        let to_clickhouse = Proxy::start(ports::free()?, engine.port())?;
        let placed = (0..2).map(|number| {
            Ok(Instance {
                kept: None,
                grpc: ports::free()?,
                http: ports::free()?,
                ops: ports::free()?,
                log: directory.join(format!("instance-{number}.log")),
                executable: instances.to_owned(),
            })
        });
        let mut cluster = Cluster {
            instances: placed.collect::<Result<_>>()?,
            rabbitmq: Some(broker.start(None)?),
            clickhouse: Some(engine.start(None)?),
            broker,
            engine,
            to_rabbitmq,
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
    pub(super) fn migrate(&self, executable: &Path) -> Result<()> {
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
    pub(super) fn replace(&mut self, number: usize, executable: &Path) -> Result<()> {
        self.end(number);
        if let Some(instance) = self.instances.get_mut(number) {
            instance.executable = executable.to_owned();
        }
        self.start_again(Server::Instance(number))
    }

    /// gRPC addresses of the instances.
    pub(super) fn grpc(&self) -> Vec<String> {
        self.instances
            .iter()
            .map(|i| format!("http://127.0.0.1:{}", i.grpc))
            .collect()
    }

    /// Processes of the instances.
    pub(super) fn pids(&self) -> Result<Vec<u32>> {
        let running = self.instances.iter().filter_map(|i| i.kept.as_ref());
        running.map(|kept| kept.pid_of(" serve ")).collect()
    }

    /// ClickHouse without the proxy.
    pub(super) fn clickhouse_url(&self) -> String {
        format!("{}/chaos", clickhouse::url(self.engine.port()))
    }

    /// Proxy between the instances and a server.
    pub(super) fn proxy(&self, server: Server) -> &Proxy {
        match server {
            Server::ClickHouse => &self.to_clickhouse,
            Server::RabbitMq | Server::Instance(_) => &self.to_rabbitmq,
        }
    }

    /// Kills a server.
    pub(super) fn kill(&mut self, server: Server) -> Result<()> {
        let slot = self.slot(server)?;
        if let Some(kept) = slot.take() {
            kept.signal("KILL")?;
        }
        Ok(())
    }

    /// Asks an instance to stop, and waits until it has.
    pub(super) fn end(&mut self, number: usize) {
        if let Some(instance) = self.instances.get_mut(number) {
            drop(instance.kept.take());
        }
    }

    /// Sends a signal to a server.
    pub(super) fn signal(&mut self, server: Server, signal: &str) -> Result<()> {
        match self.slot(server)? {
            Some(kept) => kept.signal(signal),
            None => bail!("{server} doesn't run"),
        }
    }

    /// Starts a stopped server, and waits until it answers.
    pub(super) fn start_again(&mut self, server: Server) -> Result<()> {
        let kept = match server {
            Server::RabbitMq => self.broker.start(None)?,
            Server::ClickHouse => self.engine.start(None)?,
            Server::Instance(number) => {
                let instance = self
                    .instances
                    .get(number)
                    .context("there is no such instance")?;
                instance.start(self.to_rabbitmq.port(), self.to_clickhouse.port())?
            }
        };
        *self.slot(server)? = Some(kept);
        Ok(())
    }

    /// Runs `rabbitmqctl`.
    pub(super) fn control(&self, args: &[&str]) -> Result<()> {
        self.broker.control(args).map(drop)
    }

    /// Runs a statement in ClickHouse.
    pub(super) fn sql(&self, statement: &str) -> Result<()> {
        self.engine.run(statement).map(drop)
    }

    /// RabbitMQ behind the proxy.
    pub(super) fn amqp_url(&self) -> String {
        rabbitmq::url(self.to_rabbitmq.port())
    }

    /// Number of dead letters.
    pub(super) fn dead_letters(&self) -> Result<u64> {
        let count = self
            .engine
            .run("SELECT count() FROM chaos.error_event FINAL")?;
        count
            .trim()
            .parse()
            .with_context(|| format!("{count} is no count"))
    }

    /// Queues that hold messages, and their numbers: ready, and unacknowledged.
    pub(super) fn waiting(&self) -> String {
        let list = [
            "-q",
            "list_queues",
            "--no-table-headers",
            "name",
            "messages_ready",
            "messages_unacknowledged",
        ];
        match self.broker.control(&list) {
            Ok(lines) => {
                let holds = lines.lines().filter(|line| !line.ends_with("\t0\t0"));
                holds.map(|line| format!("{line}\n")).collect()
            }
            Err(error) => format!("{error:#}\n"),
        }
    }

    /// Ends of the instances' logs.
    pub(super) fn logs(&self) -> String {
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
            Server::RabbitMq => &mut self.rabbitmq,
            Server::ClickHouse => &mut self.clickhouse,
            Server::Instance(number) => {
                let instance = self.instances.get_mut(number);
                &mut instance.context("there is no such instance")?.kept
            }
        })
    }
}

impl Instance {
    fn start(&self, amqp: u16, clickhouse: u16) -> Result<Kept> {
        let mut server = Command::new(&self.executable);
        server.arg("serve");
        server.args(["--grpc-listen", &format!("127.0.0.1:{}", self.grpc)]);
        server.args(["--http-listen", &format!("127.0.0.1:{}", self.http)]);
        // Not an option: other builds may not have it.
        server.env("EVENT_GRPC_OPS_LISTEN", format!("127.0.0.1:{}", self.ops));
        server.args(["--amqp-url", &rabbitmq::url(amqp)]);
        server.args([
            "--clickhouse-url",
            &format!("{}/chaos", clickhouse::url(clickhouse)),
        ]);
        // The keeper kills a process that has not ended five seconds after it was asked to.
        server.args(["--drain-seconds", "4"]);
        let keep = Keep {
            name: "an instance",
            signal: "TERM",
            directory: None,
            log: Some(&self.log),
        };
        let mut kept = Kept::spawn(&keep, &server)?;
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.grpc)).is_err() {
            kept.check()?;
            if begun.elapsed() > START_LIMIT {
                bail!(
                    "an instance doesn't listen after {START_LIMIT:?}; see {}",
                    self.log.display()
                );
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(kept)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Server::Instance(number) => write!(f, "instance {number}"),
            Server::RabbitMq => write!(f, "RabbitMQ"),
            Server::ClickHouse => write!(f, "ClickHouse"),
        }
    }
}
