//! Running engine, as the server sees it.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use super::accounts::{Accounts, SERVER};
use super::confine;
use super::endpoint::Endpoint;
use super::error::EngineError;
use super::launch::{Launch, Running};
use super::place::Place;
use super::provision::{self, Places, Program};

/// Maximum number of starts that fail because a port or the directory is in use.
const ATTEMPTS: u32 = 5;

/// Configuration of the engine.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Data directory of the server; the engine keeps its files below it. It is created if missing.
    pub data_dir: PathBuf,
    /// A `clickhouse` binary or a `libchdb.so` to use instead of the one that would be found or fetched.
    pub engine_path: Option<PathBuf>,
    /// HTTP port on the loopback address; a free one if not given.
    pub port: Option<u16>,
    /// The `event-grpc` executable, if it isn't the running one.
    pub executable: Option<PathBuf>,
    /// Start timeout of the engine.
    pub ready_timeout: Duration,
    /// True to hide the progress bar of a fetch.
    pub quiet: bool,
}

/// Running engine, the only one on its data directory.
///
/// Dropping it ends the child too, without waiting for the end.
#[derive(Debug)]
pub struct Engine {
    launch: Launch,
    endpoint: Endpoint,
    url: String,
    running: Running,
    /// Lock on the data directory.
    _lock: File,
}

impl EngineConfig {
    /// Default configuration for a data directory.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            engine_path: None,
            port: None,
            executable: None,
            ready_timeout: Duration::from_secs(60),
            quiet: false,
        }
    }
}

impl Engine {
    /// Finds or fetches the engine, starts it and waits until it answers.
    pub async fn start(config: &EngineConfig) -> Result<Self, EngineError> {
        let place = Place::prepare(&config.data_dir)?;
        let lock = place.lock()?;
        let launch = Launch {
            executable: match &config.executable {
                Some(executable) => executable.clone(),
                None => std::env::current_exe().map_err(EngineError::io(
                    "find the executable of",
                    Path::new("event-grpc"),
                ))?,
            },
            program: provision::provide(
                &Places::of_this_user(config.engine_path.clone()),
                config.quiet,
            )
            .await?,
            accounts: Accounts::of(&place)?,
            owner: place
                .owner()
                .map_err(EngineError::io("see the owner of", place.engine()))?,
            place,
            ready_timeout: config.ready_timeout,
        };
        tell_rights(&launch);
        let mut attempt = 1;
        loop {
            let started = match Endpoint::choose(config.port) {
                Ok(endpoint) => (launch.start(endpoint).await).map(|running| (endpoint, running)),
                Err(source) => Err(EngineError::Port {
                    port: config.port.unwrap_or(0),
                    source,
                }),
            };
            match started {
                Ok((endpoint, running)) => {
                    let saved = endpoint.save(&launch.place);
                    saved.map_err(EngineError::io("write into", launch.place.directory()))?;
                    return Ok(Self {
                        launch,
                        endpoint,
                        url: endpoint.url(),
                        running,
                        _lock: lock,
                    });
                }
                // Another process took a port after it was found free, or the engine of a server that was killed a
                // moment ago hasn't ended yet. Both pass.
                Err(error) if attempt < ATTEMPTS && is_taken(&error) => {
                    tokio::time::sleep(Duration::from_millis(200) * 2_u32.pow(attempt)).await;
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// URL of the HTTP interface. It stays the same across restarts.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Address of the HTTP interface, the only one.
    pub fn address(&self) -> SocketAddr {
        self.endpoint.address()
    }

    /// User of the server, who may read and write tables.
    pub fn user(&self) -> &'static str {
        SERVER
    }

    /// Password of that user. It is another one at each start.
    pub fn password(&self) -> &str {
        self.launch.accounts.server.reveal()
    }

    /// The child's process id.
    pub fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// The engine that was found or fetched.
    pub fn program(&self) -> &Program {
        &self.launch.program
    }

    /// End of the engine's log, which tells why it ended.
    pub fn log_tail(&self) -> String {
        self.launch.log_tail()
    }

    /// Waits until the engine has ended by itself. Cancel safe.
    pub async fn exited(&mut self) -> io::Result<ExitStatus> {
        self.running.exited().await
    }

    /// Restarts the engine on the same data and ports, after ending it if it still runs.
    pub async fn restart(&mut self) -> Result<(), EngineError> {
        self.end().await?;
        self.running = self.launch.start(self.endpoint).await?;
        Ok(())
    }

    /// Ends the engine and waits until it is gone.
    pub async fn stop(mut self) -> Result<(), EngineError> {
        self.end().await
    }

    async fn end(&mut self) -> Result<(), EngineError> {
        self.running
            .end()
            .await
            .map_err(EngineError::io("end", self.launch.program.file()))
    }
}

/// Says what the engine may do that it needn't.
fn tell_rights(launch: &Launch) {
    if let Some(owner) = launch.owner {
        tracing::info!(
            user = owner.user,
            "The server runs as root; the ClickHouse engine runs as the owner of the data directory."
        );
    } else if rustix::process::geteuid().is_root() {
        tracing::info!(
            "The server runs as root, and so does the ClickHouse engine, without any capability; let the data directory \
             belong to another user, or run the server as one."
        );
    }
    if !confine::is_available() {
        tracing::info!(
            "This kernel can't confine the ClickHouse engine to its directory (Landlock, Linux 5.19 or later)."
        );
    }
}

/// True if the engine ended because a port or the directory was in use.
fn is_taken(error: &EngineError) -> bool {
    match error {
        EngineError::Port { source, .. } => source.kind() == io::ErrorKind::AddrInUse,
        EngineError::Ended { tail, .. } => {
            tail.contains("Address already in use")
                || tail.contains("Another server instance in same directory")
        }
        _ => false,
    }
}
