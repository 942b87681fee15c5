//! Test servers, as private instances: nothing outside of one temporary directory and a few loopback ports is touched,
//! so that any number of them can run on one machine.

mod chromium;
pub(crate) mod clickhouse;
mod haproxy;
pub(crate) mod install;
pub(crate) mod kafka;
pub(crate) mod kafka_jars;
mod keeper;
pub(crate) mod ports;
pub(crate) mod postgres;
mod prometheus;
mod python;
pub(crate) mod rabbitmq;

use std::env;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tempfile::TempDir;

pub(crate) use keeper::{Keep, Kept};

/// Start timeout of a server.
const START_LIMIT: Duration = Duration::from_secs(240);

/// Running server, and the variables for its users.
struct Running {
    /// None for a program that isn't kept running.
    kept: Option<Kept>,
    environment: Vec<(&'static str, String)>,
    /// Starts it over the same data and at the same address, if it can be.
    restart: Option<Restart>,
}

type Restart = Box<dyn Fn() -> Result<Kept> + Send>;

/// Kind of server: its variables, and how to start one.
struct Service {
    name: &'static str,
    variables: &'static [&'static str],
    start: fn(&Path) -> Result<Running>,
}

const SERVICES: [Service; 6] = [
    Service {
        name: "rabbitmq",
        variables: &rabbitmq::VARIABLES,
        start: rabbitmq::start,
    },
    Service {
        name: "postgres",
        variables: &postgres::VARIABLES,
        start: postgres::start,
    },
    Service {
        name: "clickhouse",
        variables: &clickhouse::VARIABLES,
        start: clickhouse::start,
    },
    Service {
        name: "python",
        variables: &python::VARIABLES,
        start: python::prepare,
    },
    Service {
        name: "haproxy",
        variables: &haproxy::VARIABLES,
        start: haproxy::prepare,
    },
    Service {
        name: "prometheus",
        variables: &prometheus::VARIABLES,
        start: prometheus::prepare,
    },
];

/// Chromium, which is large: it is installed for a full run only, and used where it is there.
const CHROMIUM: Service = Service {
    name: "chromium",
    variables: &chromium::VARIABLES,
    start: chromium::prepare,
};

/// Kafka, which needs Java: where that isn't installed, the tests that need a broker are left out.
const KAFKA: Service = Service {
    name: "kafka",
    variables: &kafka::VARIABLES,
    start: kafka::start,
};

/// All started servers; dropping it stops them and removes their files.
pub(crate) struct Services {
    running: Vec<Running>,
    /// Variables of servers that run elsewhere, from the caller's environment.
    given: Vec<(&'static str, String)>,
    // Fields are dropped in order: the servers end before their directory is removed.
    _directory: TempDir,
}

/// True if a Kafka can be started here.
pub(crate) fn kafka_can_run() -> bool {
    kafka_jars::can_run()
}

/// `cargo xtask services`.
pub(crate) fn run() -> Result<ExitCode> {
    let interrupt = interrupts()?;
    let mut services = Services::start(false)?;
    for (name, value) in services.environment() {
        println!("export {name}='{value}'");
    }
    if services
        .running
        .iter()
        .all(|running| running.kept.is_none())
    {
        eprintln!("Nothing to start: the environment names every server.");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("Ctrl-C stops them.");
    loop {
        match interrupt.recv_timeout(Duration::from_millis(500)) {
            Err(RecvTimeoutError::Timeout) => services.check()?,
            _ => return Ok(ExitCode::SUCCESS),
        }
    }
}

/// Receiver of a request to end this process, so that it ends by returning and every guard runs.
pub(crate) fn interrupts() -> Result<Receiver<()>> {
    let mut signals =
        Signals::new([SIGINT, SIGTERM, SIGHUP]).context("cannot listen for signals")?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for _ in signals.forever() {
            // The receiver is gone only when the process is ending anyway.
            if sender.send(()).is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

impl Services {
    /// Starts, concurrently, each server that the environment doesn't name yet; with `full` what is too large for every
    /// run, too.
    pub(crate) fn start(full: bool) -> Result<Self> {
        let begun = Instant::now();
        let directory = tempfile::Builder::new()
            .prefix("event-grpc-services-")
            // PostgreSQL runs as another user than root and has to reach its own directory in here.
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempdir()
            .context("cannot make a temporary directory")?;
        let mut given = Vec::new();
        let mut missing = Vec::new();
        let with_chromium = full || install::chromium_program().is_some();
        let services = SERVICES.into_iter();
        let with_kafka = KAFKA.given()?.is_some() || kafka_jars::can_run();
        if !with_kafka {
            eprintln!("Java or Maven is not installed: the tests that need Kafka are left out.");
        }
        let services = services.chain(with_kafka.then_some(KAFKA));
        for service in services.chain(with_chromium.then_some(CHROMIUM)) {
            match service.given()? {
                Some(values) => given.extend(values),
                None => missing.push(service),
            }
        }
        install::missing_packages(
            &missing
                .iter()
                .map(|service| service.name)
                .collect::<Vec<_>>(),
        )?;

        let outcomes: Vec<Result<Running>> = thread::scope(|scope| {
            let path = directory.path();
            let threads: Vec<_> = missing
                .iter()
                .map(|service| scope.spawn(move || service.start_in(path)))
                .collect();
            threads
                .into_iter()
                .map(|thread| {
                    thread
                        .join()
                        .unwrap_or_else(|_| bail!("the thread that starts a server panicked"))
                })
                .collect()
        });
        // All threads have ended here; servers that did start are stopped if another one failed.
        let running = outcomes.into_iter().collect::<Result<Vec<_>>>()?;
        eprintln!(
            "Services are ready after {:.1} s.",
            begun.elapsed().as_secs_f32()
        );
        Ok(Self {
            running,
            given,
            _directory: directory,
        })
    }

    /// Environment variables with the addresses of the servers.
    pub(crate) fn environment(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let started = self.running.iter().flat_map(|running| &running.environment);
        self.given
            .iter()
            .chain(started)
            .map(|(name, value)| (*name, value.as_str()))
    }

    /// Tells of servers that have ended, with the end of their output, and starts them again; false if none has.
    /// Fails if one can't be started again.
    pub(crate) fn restart_ended(&mut self) -> Result<bool> {
        let mut ended = false;
        for running in &mut self.running {
            let Some(kept) = &mut running.kept else {
                continue;
            };
            let Err(error) = kept.check() else {
                continue;
            };
            let Some(restart) = &running.restart else {
                return Err(error);
            };
            eprintln!("\n{error:#}\nIt is started again.");
            *kept = restart()?;
            ended = true;
        }
        Ok(ended)
    }

    /// Fails if one of the servers has ended.
    fn check(&mut self) -> Result<()> {
        self.running
            .iter_mut()
            .filter_map(|running| running.kept.as_mut())
            .try_for_each(Kept::check)
    }
}

impl Service {
    /// Variables of this server in the environment, if they are complete.
    fn given(&self) -> Result<Option<Vec<(&'static str, String)>>> {
        let values: Vec<_> = self
            .variables
            .iter()
            .filter_map(|name| Some((*name, env::var(name).ok()?)))
            .collect();
        match values.len() {
            0 => Ok(None),
            n if n == self.variables.len() => Ok(Some(values)),
            _ => bail!(
                "to use a {} of your own, set all of {}",
                self.name,
                self.variables.join(" and ")
            ),
        }
    }

    fn start_in(&self, parent: &Path) -> Result<Running> {
        let directory = parent.join(self.name);
        let start = || {
            std::fs::create_dir(&directory)?;
            (self.start)(&directory)
        };
        start().with_context(|| format!("cannot start {}", self.name))
    }
}
