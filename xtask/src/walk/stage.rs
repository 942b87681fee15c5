//! Servers for both builds, and a virtual host and a database of its own for each scenario.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::ask;
use crate::bench::setting::SECRET;
use crate::chaos::instance::Instance;
use crate::services::Kept;
use crate::services::clickhouse::{self, Engine};
use crate::services::rabbitmq::Broker;

/// Time in which an instance declares its topology.
const DECLARING: Duration = Duration::from_secs(10);

/// One of the two builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Build {
    /// This tree's, which runs before the release.
    Old,
    /// That of the release.
    New,
}

/// Executables.
pub(super) struct Builds {
    pub(super) old: PathBuf,
    pub(super) new: PathBuf,
    pub(super) loadgen: PathBuf,
}

/// RabbitMQ and ClickHouse.
pub(super) struct Servers {
    // Fields are dropped in order.
    _rabbitmq: Kept,
    _clickhouse: Kept,
    broker: Broker,
    engine: Engine,
    folder: PathBuf,
}

/// Virtual host and database of a scenario.
pub(super) struct Stage<'a> {
    servers: &'a Servers,
    builds: &'a Builds,
    name: String,
    logs: AtomicU32,
}

/// Running instance.
pub(super) struct Running {
    place: Instance,
    _kept: Kept,
}

impl Builds {
    pub(super) fn of(&self, build: Build) -> &Path {
        match build {
            Build::Old => &self.old,
            Build::New => &self.new,
        }
    }
}

impl Servers {
    /// Starts them in this folder.
    pub(super) fn start(builds: &Builds, folder: &Path) -> Result<Self> {
        let place = |name: &str| {
            let place = folder.join(name);
            fs::create_dir(&place).map(|()| place)
        };
        let broker = Broker::prepare(&place("rabbitmq")?)?;
        let engine = Engine::prepare(builds.old.clone(), &place("clickhouse")?)?;
        Ok(Servers {
            _rabbitmq: broker.start(None)?,
            _clickhouse: engine.start(None)?,
            broker,
            engine,
            folder: folder.to_owned(),
        })
    }
}

impl<'a> Stage<'a> {
    /// A new one, with the tables of the old build.
    pub(super) fn begin(servers: &'a Servers, builds: &'a Builds, name: &str) -> Result<Self> {
        servers.broker.control(&["-q", "add_vhost", name])?;
        servers.broker.control(&[
            "-q",
            "set_permissions",
            "-p",
            name,
            "guest",
            ".*",
            ".*",
            ".*",
        ])?;
        let stage = Stage {
            servers,
            builds,
            name: name.to_owned(),
            logs: AtomicU32::new(0),
        };
        stage.migrate(Build::Old, &[])?;
        Ok(stage)
    }

    /// Starts an instance.
    pub(super) fn start(&self, build: Build) -> Result<Running> {
        let number = self.logs.fetch_add(1, Ordering::Relaxed);
        let log = self
            .servers
            .folder
            .join(format!("{}-{number}.log", self.name));
        let place = Instance::place(self.builds.of(build), log)?;
        let kept = place.start(&self.amqp(), &self.clickhouse())?;
        // One whose tables are not migrated is not ready, and declares everything all the same.
        let begun = Instant::now();
        while !ask::is_ready(place.ops).unwrap_or(false) && begun.elapsed() < DECLARING {
            thread::sleep(Duration::from_millis(100));
        }
        Ok(Running { place, _kept: kept })
    }

    /// Lets an instance of the old build declare everything and stop.
    pub(super) fn declare(&self) -> Result<()> {
        self.start(Build::Old).map(drop)
    }

    /// Applies pending migrations.
    pub(super) fn migrate(&self, build: Build, args: &[&str]) -> Result<()> {
        let (status, text) = self.run(build, &[&["migrate"], args].concat())?;
        ensure!(
            status == 0 || status == 2,
            "event-grpc migrate failed: {text}"
        );
        Ok(())
    }

    /// Runs a command of a build; its exit status and its output.
    pub(super) fn run(&self, build: Build, args: &[&str]) -> Result<(i32, String)> {
        let urls = (self.amqp(), self.clickhouse());
        ask::command(self.builds.of(build), &urls, args)
    }

    /// Runs a command of a build that has to end with this status.
    pub(super) fn ends(&self, build: Build, args: &[&str], with: i32) -> Result<String> {
        let (status, text) = self.run(build, args)?;
        ensure!(
            status == with,
            "{} ended with {status}: {text}",
            args.join(" ")
        );
        Ok(text)
    }

    /// Publishes messages; false if RabbitMQ doesn't take them.
    pub(super) fn publishes(&self, route: (&str, &str), messages: &[String]) -> Result<bool> {
        ask::publish(&self.builds.loadgen, &self.amqp(), route, messages)
    }

    /// Publishes messages that RabbitMQ has to take.
    pub(super) fn publish(&self, route: (&str, &str), messages: &[String]) -> Result<()> {
        ensure!(
            self.publishes(route, messages)?,
            "{route:?} does not take messages"
        );
        Ok(())
    }

    /// The answer of a query; `{db}` stands for the database.
    pub(super) fn sql(&self, query: &str) -> Result<String> {
        let answer = self
            .servers
            .engine
            .run(&query.replace("{db}", &self.name))?;
        Ok(answer.trim().to_owned())
    }

    /// Number of rows of a table, by a condition.
    pub(super) fn rows(&self, table: &str, condition: &str) -> Result<u64> {
        let count = self.sql(&format!(
            "SELECT count() FROM {{db}}.{table} FINAL WHERE {condition}"
        ))?;
        count
            .parse()
            .with_context(|| format!("{count} is no count"))
    }

    /// Waits until there are so many rows.
    pub(super) fn stored(&self, table: &str, condition: &str, rows: u64) -> Result<()> {
        let what = format!("{rows} rows of {table} with {condition}");
        ask::until(&what, || Ok(self.rows(table, condition)? == rows))
    }

    /// Waits until there are so many dead letters of a queue or source.
    pub(super) fn letters(&self, queue: &str, letters: u64) -> Result<()> {
        self.stored("error_event", &format!("queue = '{queue}'"), letters)
    }

    /// Fails if there is any dead letter.
    pub(super) fn no_letters(&self) -> Result<()> {
        let found = self.sql("SELECT queue, class, reason FROM {db}.error_event FINAL LIMIT 3")?;
        ensure!(found.is_empty(), "there are dead letters: {found}");
        Ok(())
    }

    /// Messages of a queue and its consumers; none if there is no such queue.
    pub(super) fn queue(&self, queue: &str) -> Result<Option<(u64, u64)>> {
        let list = [
            "-q",
            "list_queues",
            "-p",
            &self.name,
            "--no-table-headers",
            "name",
            "messages",
            "consumers",
        ];
        let text = self.servers.broker.control(&list)?;
        for line in text.lines() {
            if let [name, messages, consumers] = line.split('\t').collect::<Vec<_>>()[..]
                && name == queue
            {
                return Ok(Some((messages.parse()?, consumers.parse()?)));
            }
        }
        Ok(None)
    }

    /// Waits until a queue has so many messages.
    pub(super) fn waits(&self, queue: &str, messages: u64) -> Result<()> {
        ask::until(&format!("{messages} messages in {queue}"), || {
            Ok(self
                .queue(queue)?
                .is_some_and(|(found, _)| found == messages))
        })
    }

    /// True if a queue is bound to an exchange by a key.
    pub(super) fn is_bound(&self, exchange: &str, queue: &str, key: &str) -> Result<bool> {
        let list = [
            "-q",
            "list_bindings",
            "-p",
            &self.name,
            "source_name",
            "destination_name",
            "routing_key",
        ];
        let text = self.servers.broker.control(&list)?;
        Ok(text
            .lines()
            .any(|line| line == format!("{exchange}\t{queue}\t{key}")))
    }

    fn amqp(&self) -> String {
        format!(
            "amqp://guest:guest@127.0.0.1:{}/{}",
            self.servers.broker.port(),
            self.name
        )
    }

    fn clickhouse(&self) -> String {
        format!(
            "{}/{}",
            clickhouse::url(self.servers.engine.port()),
            self.name
        )
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        // Its queues would take memory until the end. If that fails, the end comes anyway.
        self.servers
            .broker
            .control(&["-q", "delete_vhost", &self.name])
            .ok();
    }
}

impl Running {
    /// Posts to a path until the answer isn't that it can't be taken yet.
    pub(super) fn send(&self, path: &str, headers: &[&str], body: &str) -> Result<u16> {
        ask::send(self.place.http, path, headers, body)
    }

    /// Posts to a webhook with its secret in the path.
    pub(super) fn hook(&self, path: &str, body: &str) -> Result<u16> {
        self.send(&format!("{path}{SECRET}"), &[], body)
    }

    /// Posts to a webhook, which has to take it.
    pub(super) fn takes(&self, path: &str, body: &str) -> Result<()> {
        match self.hook(path, body)? {
            200 => Ok(()),
            status => bail!("{path} answered {status}"),
        }
    }

    /// What it says of itself.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.place.log).unwrap_or_default()
    }
}
