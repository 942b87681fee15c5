//! Ground for what is tried past one machine: RabbitMQ, ClickHouse engines, Kafka, and instances on them.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::ask;
use crate::chaos::instance::Instance;
use crate::services::clickhouse::{self, Engine};
use crate::services::rabbitmq::Broker;
use crate::services::{Kept, kafka};

/// Database of the tables.
pub(crate) const DATABASE: &str = "ground";

/// Servers beside RabbitMQ.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Servers {
    /// ClickHouse engines; the first one runs from the beginning.
    pub(crate) engines: usize,
    /// True with Kafka.
    pub(crate) kafka: bool,
}

/// Servers, and places of instances.
pub(crate) struct Ground {
    // Fields are dropped in order: what uses something ends before it.
    instances: Vec<(Instance, Option<Kept>)>,
    kafka: Option<(String, Kept)>,
    engines: Vec<(Engine, Option<Kept>)>,
    rabbitmq: Kept,
    broker: Broker,
    /// How many ClickHouse hosts instances and commands are told of.
    hosts: usize,
}

impl Ground {
    /// Starts the servers in a folder. The executable runs the engines.
    pub(crate) fn start(
        executable: &Path,
        instances: usize,
        servers: Servers,
        folder: &Path,
    ) -> Result<Self> {
        let place = |name: &str| {
            let place = folder.join(name);
            fs::create_dir_all(&place).map(|()| place)
        };
        let broker = Broker::prepare(&place("rabbitmq")?)?;
        let rabbitmq = broker.start(None)?;
        let mut engines = Vec::new();
        for number in 0..servers.engines {
            let engine = Engine::prepare(
                executable.to_owned(),
                &place(&format!("engine-{}", number + 1))?,
            )?;
            let kept = (number == 0).then(|| engine.start(None)).transpose()?;
            engines.push((engine, kept));
        }
        let kafka = match servers.kafka {
            true => {
                let nodes = kafka::cluster(&place("kafka")?, 1, &[])?;
                let node = nodes.into_iter().next();
                let node = node.context("a cluster has one node at least")?;
                let node = node.with_room();
                Some((node.address(), node.start(None)?))
            }
            false => None,
        };
        let brokers = kafka.iter().map(|(address, _)| address.clone());
        let variables: Vec<_> = brokers.map(|b| ("EVENT_GRPC_KAFKA_BROKERS", b)).collect();
        let mut placed = Vec::new();
        for number in 0..instances {
            let log = folder.join(format!("instance-{number}.log"));
            let mut instance = Instance::place(executable, log)?;
            instance.variables.clone_from(&variables);
            placed.push((instance, None));
        }
        Ok(Ground {
            instances: placed,
            kafka,
            engines,
            rabbitmq,
            broker,
            hosts: 1,
        })
    }

    /// Makes all engines the shards of a cluster: the first one is started anew, the others are started.
    pub(crate) fn spread(&mut self, cluster: &str) -> Result<()> {
        let all: Vec<&Engine> = self.engines.iter().map(|(engine, _)| engine).collect();
        for engine in &all {
            engine.join(cluster, &all)?;
        }
        for (engine, kept) in &mut self.engines {
            drop(kept.take());
            *kept = Some(engine.start(None)?);
        }
        self.hosts = self.engines.len();
        Ok(())
    }

    /// Starts an instance of a build, in place of the one that runs there.
    pub(crate) fn replace(&mut self, number: usize, executable: &Path) -> Result<()> {
        let (amqp, clickhouse) = self.urls();
        let place = self.instances.get_mut(number);
        let (instance, kept) = place.context("there is no such instance")?;
        drop(kept.take());
        executable.clone_into(&mut instance.executable);
        *kept = Some(instance.start(&amqp, &clickhouse)?);
        let ops = instance.ops;
        ask::until("the instance is ready", || {
            Ok(ask::is_ready(ops).unwrap_or(false))
        })
    }

    /// Runs a command of a build; true if it ended well, and what it said.
    pub(crate) fn run(&self, executable: &Path, args: &[&str]) -> Result<(bool, String)> {
        let mut all = args.to_vec();
        if let Some((brokers, _)) = &self.kafka
            && ["cutover", "ledger"].contains(&args.first().copied().unwrap_or_default())
        {
            all.extend(["--kafka-brokers", brokers]);
        }
        let (status, text) = ask::command(executable, &self.urls(), &all)?;
        Ok((status == 0, text))
    }

    /// The same, which has to end well; what it said.
    pub(crate) fn done(&self, executable: &Path, args: &[&str]) -> Result<String> {
        let (good, text) = self.run(executable, args)?;
        ensure!(good, "{} failed: {text}", args.join(" "));
        Ok(text)
    }

    /// The answer of a query to an engine; `DB` stands for the database.
    pub(crate) fn query(&self, engine: usize, sql: &str) -> Result<String> {
        let (engine, _) = self
            .engines
            .get(engine)
            .context("there is no such engine")?;
        let answer = engine.run(&sql.replace("DB", DATABASE))?;
        Ok(answer.trim().to_owned())
    }

    /// What `rabbitmqctl` lists of the queues.
    pub(crate) fn queues(&self, columns: &[&str]) -> Result<String> {
        let list = [&["-q", "list_queues", "--no-table-headers"], columns].concat();
        self.broker.control(&list)
    }

    /// gRPC addresses of the instances.
    pub(crate) fn grpc(&self) -> impl Iterator<Item = String> {
        let instances = self.instances.iter();
        instances.map(|(instance, _)| format!("http://127.0.0.1:{}", instance.grpc))
    }

    /// Addresses of the instances for operations.
    pub(crate) fn ops(&self) -> impl Iterator<Item = String> {
        let instances = self.instances.iter();
        instances.map(|(instance, _)| format!("http://127.0.0.1:{}", instance.ops))
    }

    /// RabbitMQ and ClickHouse, as instances and commands are told.
    pub(crate) fn urls(&self) -> (String, String) {
        let hosts = self.engines.iter().take(self.hosts);
        let hosts: Vec<String> = hosts
            .map(|(engine, _)| clickhouse::url(engine.port()))
            .collect();
        // The scheme stands before the first one alone.
        let hosts = hosts.join(",").replace(",http://", ",");
        (self.broker.url(), format!("{hosts}/{DATABASE}"))
    }

    /// Processes by the name of what they are.
    pub(crate) fn processes(&self) -> Result<Vec<(&'static str, u32)>> {
        let mut all = vec![("rabbitmq", self.rabbitmq.pid_of("beam")?)];
        for kept in self.instances.iter().filter_map(|(_, kept)| kept.as_ref()) {
            all.push(("server", kept.pid_of(" serve ")?));
        }
        for kept in self.engines.iter().filter_map(|(_, kept)| kept.as_ref()) {
            all.push(("clickhouse", kept.pid_of(" engine ")?));
        }
        if let Some((_, kept)) = &self.kafka {
            all.push(("kafka", kept.pid_of("kafka.Kafka")?));
        }
        Ok(all)
    }

    /// Ends of the instances' logs, and what is in RabbitMQ's queues.
    pub(crate) fn state(&self) -> String {
        let mut text = String::new();
        for (number, (instance, _)) in self.instances.iter().enumerate() {
            let log = fs::read_to_string(&instance.log).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let last = lines.get(lines.len().saturating_sub(40)..);
            let last = last.unwrap_or_default().join("\n");
            text.push_str(&format!("--- instance {number}\n{last}\n"));
        }
        let queues = self.queues(&["name", "messages", "consumers"]);
        text + &queues.unwrap_or_else(|error| format!("{error:#}"))
    }
}
