//! RabbitMQ and ClickHouse with empty data, and the benchmark that needs nothing else.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::build::MEASURED;
use crate::cargo;
use crate::services::clickhouse::{self, Engine};
use crate::services::rabbitmq::Broker;
use crate::services::{Keep, Kept};

/// RabbitMQ and ClickHouse; they end with this.
pub(super) struct Servers {
    pub(super) rabbitmq: Server,
    pub(super) clickhouse: Server,
}

/// Running server.
pub(super) struct Server {
    pub(super) url: String,
    pub(super) pid: u32,
    _kept: Kept,
}

impl Servers {
    /// Starts both with their data in this directory.
    pub(super) fn start(executable: &Path, directory: &Path) -> Result<Self> {
        let place = |name: &str| {
            let place = directory.join(name);
            fs::create_dir(&place).map(|()| place)
        };
        let broker = Broker::prepare(&place("rabbitmq")?)?;
        let engine = Engine::prepare(executable.to_owned(), &place("clickhouse")?)?;
        let (rabbitmq, engine_process) = (broker.start(None)?, engine.start(None)?);
        Ok(Servers {
            rabbitmq: Server {
                url: broker.url(),
                pid: rabbitmq.pid_of("beam")?,
                _kept: rabbitmq,
            },
            clickhouse: Server {
                url: clickhouse::url(engine.port()),
                pid: engine_process.pid_of(" engine ")?,
                _kept: engine_process,
            },
        })
    }
}

/// Runs `loadgen/benches/servers` over servers of its own, with their addresses in the environment; of `partitions` that part
/// alone, with so many messages a round if a number is given.
pub(super) fn run(
    executable: &Path,
    what: &str,
    profile: &str,
    messages: Option<u64>,
    interrupt: &Receiver<()>,
) -> Result<ExitCode> {
    let directory = super::directory()?;
    let servers = Servers::start(executable, directory.path())?;
    let mut bench = cargo();
    bench.args([
        "bench",
        "--package",
        "event-grpc-loadgen",
        "--profile",
        profile,
    ]);
    bench.args(["--bench", "servers"]);
    if profile != "dev" {
        bench.env(MEASURED.0, MEASURED.1);
    }
    if what == "partitions" {
        bench.env("EVENT_GRPC_BENCH_ONLY", what);
    }
    if let Some(messages) = messages {
        bench.env("EVENT_GRPC_BENCH_MESSAGES", messages.to_string());
    }
    let named = [
        ("RABBITMQ", &servers.rabbitmq),
        ("CLICKHOUSE", &servers.clickhouse),
    ];
    for (name, server) in named {
        bench.env(format!("EVENT_GRPC_BENCH_{name}_URL"), &server.url);
        bench.env(
            format!("EVENT_GRPC_BENCH_{name}_PID"),
            server.pid.to_string(),
        );
    }
    let keep = Keep {
        name: "cargo bench",
        signal: "TERM",
        directory: None,
        log: None,
    };
    let mut bench = Kept::spawn(&keep, &bench)?;
    loop {
        if let Some(status) = bench.ended()? {
            return Ok(if status.success() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            });
        }
        match interrupt.recv_timeout(Duration::from_millis(50)) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => bail!("interrupted"),
        }
    }
}
