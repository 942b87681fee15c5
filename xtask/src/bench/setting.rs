//! Settings of a load: an instance with RabbitMQ and ClickHouse, or one with both embedded.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::servers::Servers;
use crate::services::{Keep, Kept, ports};

/// Start timeout of an instance.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Database of the tables.
const DATABASE: &str = "event_grpc";

/// Setting of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// RabbitMQ and ClickHouse are separate servers.
    Remote,
    /// The broker is in the instance's memory, and ClickHouse its child.
    Embedded,
}

/// Running servers.
pub(crate) struct Running {
    pub(crate) grpc: String,
    pub(crate) http: String,
    pub(crate) ops: String,
    /// RabbitMQ, if it is a separate server.
    pub(crate) amqp: Option<String>,
    pub(crate) clickhouse: String,
    /// Processes; the instance comes first.
    pub(crate) processes: Vec<(&'static str, u32)>,
    /// Log of the instance.
    pub(crate) log: PathBuf,
    // Fields are dropped in order: the instance ends before what it uses.
    _instance: Kept,
    _servers: Option<Servers>,
}

/// Webhooks of the pipeline, as the variables with their secrets begin.
const WEBHOOKS: [&str; 6] = [
    "SHOPIFY",
    "BRANCH",
    "GRAPHY",
    "VIDOOLY",
    "WEBENGAGE",
    "WEBENGAGE_USERS",
];

/// The secret of each webhook.
pub(crate) const SECRET: &str = "siege-siege-siege";

/// Variables with the secrets of webhooks.
pub(crate) fn secrets() -> impl Iterator<Item = (String, &'static str)> {
    WEBHOOKS
        .map(|source| (format!("{source}_WEBHOOK_SECRET"), SECRET))
        .into_iter()
}

impl Setting {
    /// Starts an instance and its servers, in this directory.
    pub(crate) fn start(self, executable: &Path, directory: &Path) -> Result<Running> {
        self.start_with(executable, directory, &[])
    }

    /// The same, with these variables in the instance's environment.
    pub(crate) fn start_with(
        self,
        executable: &Path,
        directory: &Path,
        variables: &[(&str, PathBuf)],
    ) -> Result<Running> {
        let log = directory.join("instance.log");
        let (grpc, http, ops) = (ports::free()?, ports::free()?, ports::free()?);
        let mut serve = Command::new(executable);
        serve
            .arg("serve")
            .args(["--grpc-listen", &format!("127.0.0.1:{grpc}")]);
        serve.args(["--http-listen", &format!("127.0.0.1:{http}")]);
        // Not an option: builds that are compared with may not have it.
        serve.env("EVENT_GRPC_OPS_LISTEN", format!("127.0.0.1:{ops}"));
        // The siege's webhooks prove that they know these.
        serve.envs(secrets());
        serve.envs(variables.iter().cloned());
        let mut servers = None;
        let mut processes = Vec::new();
        let (mut clickhouse, mut amqp) = (None, None);
        match self {
            Setting::Embedded => {
                serve.arg("--data").arg(directory.join("data"));
            }
            Setting::Remote => {
                let started = Servers::start(executable, directory)?;
                processes.push(("rabbitmq", started.rabbitmq.pid));
                processes.push(("clickhouse", started.clickhouse.pid));
                let url = format!("{}/{DATABASE}", started.clickhouse.url);
                migrate(executable, &url)?;
                serve.args([
                    "--amqp-url",
                    &started.rabbitmq.url,
                    "--clickhouse-url",
                    &url,
                ]);
                amqp = Some(started.rabbitmq.url.clone());
                servers = Some(started);
                clickhouse = Some(url);
            }
        }
        let keep = Keep {
            name: "the instance",
            signal: "TERM",
            directory: None,
            log: Some(&log),
        };
        let mut instance = Kept::spawn(&keep, &serve)?;
        instance.wait_until(START_LIMIT, || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, grpc)).is_ok()
        })?;
        processes.insert(0, ("server", instance.pid_of(" serve ")?));
        if self == Setting::Embedded {
            let server = instance.pid_of(" serve ")?;
            processes.push(("clickhouse", child_of(server)?));
        }
        let clickhouse = match clickhouse {
            Some(url) => url,
            None => {
                // It listens a moment before it logs that.
                instance.wait_until(START_LIMIT, || told(&log).is_ok())?;
                with_account(&told(&log)?, &directory.join("data"))?
            }
        };
        Ok(Running {
            grpc: format!("http://127.0.0.1:{grpc}"),
            http: format!("http://127.0.0.1:{http}"),
            ops: format!("http://127.0.0.1:{ops}"),
            amqp,
            clickhouse,
            processes,
            log,
            _instance: instance,
            _servers: servers,
        })
    }
}

/// Only child of a process.
fn child_of(parent: u32) -> Result<u32> {
    let output = Command::new("pgrep")
        .args(["-P", &parent.to_string()])
        .output();
    let output = output.context("cannot run pgrep")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let pid = text.trim().parse();
    pid.with_context(|| format!("process {parent} has these children: {text:?}"))
}

fn migrate(executable: &Path, url: &str) -> Result<()> {
    let output = Command::new(executable)
        .args(["migrate", "--clickhouse-url", url])
        .output();
    let output = output.context("event-grpc migrate can't be run")?;
    if !output.status.success() {
        bail!(
            "event-grpc migrate failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

/// Address with the embedded ClickHouse's account of tools. Builds before that account ask for no password.
fn with_account(url: &str, data: &Path) -> Result<String> {
    let Ok(password) = fs::read_to_string(data.join("reader.password")) else {
        return Ok(url.to_owned());
    };
    let rest = url.strip_prefix("http://");
    let rest = rest.with_context(|| format!("{url} is not a ClickHouse address"))?;
    Ok(format!("http://reader:{}@{rest}", password.trim()))
}

/// ClickHouse address in the log of the instance.
fn told(log: &Path) -> Result<String> {
    let text = fs::read_to_string(log)?;
    let found = text.split("clickhouse=").nth(1);
    let url = found.and_then(|rest| rest.split_whitespace().next());
    let url = url.context("the instance's log doesn't say where ClickHouse is")?;
    Ok(format!("{}/{DATABASE}", url.trim_matches(['"', '/'])))
}
