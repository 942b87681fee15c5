//! Running engine, as the server sees it.

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use super::error::EngineError;
use super::launch::{Launch, Ports, Running};
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
    ports: Ports,
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
            executable: None,
            ready_timeout: Duration::from_secs(60),
            quiet: false,
        }
    }
}

impl Engine {
    /// Finds or fetches the engine, starts it and waits until it answers.
    pub async fn start(config: &EngineConfig) -> Result<Self, EngineError> {
        let directory = private_directory(&config.data_dir)?;
        let lock = lock_directory(&directory)?;
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
            data: private_directory(&directory.join("clickhouse"))?,
            log: directory.join("clickhouse.log"),
            ready_timeout: config.ready_timeout,
        };
        let mut attempt = 1;
        loop {
            let ports = Ports::find().map_err(EngineError::io(
                "find a free port on",
                Path::new("127.0.0.1"),
            ))?;
            match launch.start(ports).await {
                Ok(running) => {
                    return Ok(Self {
                        launch,
                        ports,
                        url: ports.url(),
                        running,
                        _lock: lock,
                    });
                }
                // Another process took a port after it was found free, or the engine of a server that was killed a
                // moment ago hasn't ended yet. Both pass.
                Err(EngineError::Ended { tail, .. }) if attempt < ATTEMPTS && is_taken(&tail) => {
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

    /// Address of the native protocol, for `clickhouse client`.
    pub fn native_address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.native).into()
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
        self.running = self.launch.start(self.ports).await?;
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

/// Creates a directory that only this user may read, and returns its absolute path.
fn private_directory(path: &Path) -> Result<PathBuf, EngineError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(EngineError::io("create", path))?;
    path.canonicalize().map_err(EngineError::io("open", path))
}

fn lock_directory(directory: &Path) -> Result<File, EngineError> {
    let path = directory.join("server.lock");
    let file = File::create(&path).map_err(EngineError::io("create", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(EngineError::InUse {
            directory: directory.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(EngineError::Io {
            action: "lock",
            path,
            source,
        }),
    }
}

/// True if the engine ended because a port or the directory was in use.
fn is_taken(log: &str) -> bool {
    log.contains("Address already in use")
        || log.contains("Another server instance in same directory")
}
