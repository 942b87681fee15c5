//! Runs the engine as a child process on a data directory and two free loopback ports.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStdin, Command};

use super::error::EngineError;
use super::provision::{self, Places, Program};

/// How long a child may take to end when it is asked to. It kills itself a little earlier.
const STOP_LIMIT: Duration = Duration::from_secs(8);

/// How often a start is tried again that failed because a port or the directory was taken.
const ATTEMPTS: u32 = 5;

/// How much of the end of the engine's log goes into an error.
const LOG_TAIL: u64 = 4_000;

/// What the engine needs to be told.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// The server's data directory; the engine keeps its files below it. It is created if missing.
    pub data_dir: PathBuf,
    /// A `clickhouse` binary or a `libchdb.so` to use instead of what would be found or fetched.
    pub engine_path: Option<PathBuf>,
    /// The `event-grpc` executable, if this process runs another one.
    pub executable: Option<PathBuf>,
    /// How long the engine may take until it answers.
    pub ready_timeout: Duration,
    /// Whether to leave out the progress bar of a fetch.
    pub quiet: bool,
}

/// A running engine.
///
/// Dropping it ends the child too, without waiting for the end.
#[derive(Debug)]
pub struct Engine {
    launch: Launch,
    ports: Ports,
    url: String,
    child: Child,
    pid: u32,
    /// The pipe that the child watches: closing it ends the child.
    lease: Option<ChildStdin>,
    /// Held as long as the data directory is in use.
    _lock: File,
}

/// Everything that stays the same from one start to the next.
#[derive(Debug)]
struct Launch {
    executable: PathBuf,
    program: Program,
    data: PathBuf,
    log: PathBuf,
    ready_timeout: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Ports {
    http: u16,
    native: u16,
}

impl EngineConfig {
    /// The usual configuration for a data directory.
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
        let data = private_directory(&directory.join("clickhouse"))?;
        let places = Places::of_this_user(config.engine_path.clone());
        let program = provision::provide(&places, config.quiet).await?;
        let executable = match &config.executable {
            Some(executable) => executable.clone(),
            None => std::env::current_exe().map_err(EngineError::io(
                "find the executable of",
                Path::new("event-grpc"),
            ))?,
        };
        let log = directory.join("clickhouse.log");
        let launch = Launch {
            executable,
            program,
            data,
            log,
            ready_timeout: config.ready_timeout,
        };

        let mut attempt = 1;
        loop {
            let ports = free_ports()?;
            match launch.start(ports).await {
                Ok((child, pid, lease)) => {
                    let url = format!("http://{}", ports.http_address());
                    return Ok(Self {
                        launch,
                        ports,
                        url,
                        child,
                        pid,
                        lease: Some(lease),
                        _lock: lock,
                    });
                }
                // Somebody took a port after it was found free, or the engine of a server that was
                // killed a moment ago hasn't ended yet. Both pass.
                Err(EngineError::Ended { tail, .. }) if attempt < ATTEMPTS && is_taken(&tail) => {
                    tokio::time::sleep(Duration::from_millis(200) * 2_u32.pow(attempt)).await;
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The URL for HTTP. It stays the same over a restart.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address for the native protocol, as `clickhouse client` wants it.
    pub fn native_address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.native).into()
    }

    /// The child's process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The file that is the engine.
    pub fn program(&self) -> &Program {
        &self.launch.program
    }

    /// The end of the engine's log, which says why it ended.
    pub fn log_tail(&self) -> String {
        self.launch.log_tail()
    }

    /// Waits until the engine has ended by itself. Dropping the future loses nothing.
    pub async fn exited(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Starts the engine again on the same data and ports, after ending it if it still runs.
    pub async fn restart(&mut self) -> Result<(), EngineError> {
        self.end().await?;
        let (child, pid, lease) = self.launch.start(self.ports).await?;
        self.child = child;
        self.pid = pid;
        self.lease = Some(lease);
        Ok(())
    }

    /// Ends the engine and waits until it is gone.
    pub async fn stop(mut self) -> Result<(), EngineError> {
        self.end().await
    }

    async fn end(&mut self) -> Result<(), EngineError> {
        self.lease = None;
        end_child(&mut self.child)
            .await
            .map_err(EngineError::io("end", self.launch.program.file()))
    }
}

impl Launch {
    /// Starts the child and waits until it answers.
    async fn start(&self, ports: Ports) -> Result<(Child, u32, ChildStdin), EngineError> {
        let (mut child, pid, lease) = self.spawn(ports)?;
        let outcome = tokio::select! {
            status = child.wait() => Err(EngineError::Ended {
                engine: self.program.file().to_owned(),
                status: status.map_or_else(|error| error.to_string(), |status| status.to_string()),
                log: self.log.clone(),
                tail: self.log_tail(),
            }),
            () = self.answers(ports) => Ok(()),
            () = tokio::time::sleep(self.ready_timeout) => Err(EngineError::NotReady {
                engine: self.program.file().to_owned(),
                waited: self.ready_timeout,
                log: self.log.clone(),
                tail: self.log_tail(),
            }),
        };
        match outcome {
            Ok(()) => Ok((child, pid, lease)),
            Err(error) => {
                drop(lease);
                // The first error says what happened; that the child won't end adds nothing to it.
                end_child(&mut child).await.ok();
                Err(error)
            }
        }
    }

    fn spawn(&self, ports: Ports) -> Result<(Child, u32, ChildStdin), EngineError> {
        // Truncated at each start, and appended to by the child, so it can't grow over time.
        let open_log = || {
            File::create(&self.log)?;
            let log = fs::OpenOptions::new().append(true).open(&self.log)?;
            Ok((log.try_clone()?, log))
        };
        let (output, errors) = open_log().map_err(EngineError::io("write", &self.log))?;
        let mut command = Command::new(&self.executable);
        command.arg("engine");
        match &self.program {
            Program::Library(file) => command.arg("--library").arg(file),
            Program::Binary(file) => command.arg("--binary").arg(file),
        };
        let started = command
            .arg("--path")
            .arg(&self.data)
            .args([
                "--http-port",
                &ports.http.to_string(),
                "--tcp-port",
                &ports.native.to_string(),
            ])
            // The engine would take a config.xml of the user's working directory for its own.
            .current_dir(&self.data)
            // Without a zone of its own a DateTime reads the same on a laptop as on a server.
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            // Ctrl-C in the terminal is for the server, which drains before it ends the engine.
            .process_group(0)
            .spawn();
        let mut child = started.map_err(EngineError::io("run", &self.executable))?;
        match (child.id(), child.stdin.take()) {
            (Some(pid), Some(lease)) => Ok((child, pid, lease)),
            _ => Err(EngineError::io("run", &self.executable)(io::Error::other(
                "it has no process id",
            ))),
        }
    }

    /// Asks until this engine answers, and not one that another server has started on the port.
    async fn answers(&self, ports: Ports) {
        let client =
            clickhouse::Client::default().with_url(format!("http://{}", ports.http_address()));
        loop {
            let query = client.query("SELECT path FROM system.disks WHERE name = 'default'");
            let answer =
                tokio::time::timeout(Duration::from_secs(5), query.fetch_one::<String>()).await;
            if matches!(answer, Ok(Ok(path)) if Path::new(&path) == self.data) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn log_tail(&self) -> String {
        let read = || {
            let mut file = File::open(&self.log)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL)))?;
            let mut tail = Vec::new();
            file.take(LOG_TAIL).read_to_end(&mut tail)?;
            io::Result::Ok(tail)
        };
        match read() {
            Ok(tail) if tail.trim_ascii().is_empty() => "(it is empty)".to_owned(),
            Ok(tail) => String::from_utf8_lossy(&tail).trim().to_owned(),
            Err(error) => format!("(it can't be read: {error})"),
        }
    }
}

impl Ports {
    fn http_address(self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.http).into()
    }
}

/// Waits for a child whose pipe is closed, and kills it and its own child if it doesn't end.
async fn end_child(child: &mut Child) -> io::Result<()> {
    if let Ok(ended) = tokio::time::timeout(STOP_LIMIT, child.wait()).await {
        return ended.map(drop);
    }
    if let Some(group) = child
        .id()
        .and_then(|pid| i32::try_from(pid).ok())
        .and_then(Pid::from_raw)
    {
        kill_process_group(group, Signal::KILL)?;
    }
    child.wait().await.map(drop)
}

/// Creates a directory that only this user may read, and gives its absolute path.
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

/// Two ports that are free now. Both are held until both are known, so that they differ.
fn free_ports() -> Result<Ports, EngineError> {
    let find = || {
        let http = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let native = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Ok(Ports {
            http: http.local_addr()?.port(),
            native: native.local_addr()?.port(),
        })
    };
    find().map_err(EngineError::io(
        "find a free port on",
        Path::new("127.0.0.1"),
    ))
}

/// Whether the engine ended because a port or the directory was taken.
fn is_taken(log: &str) -> bool {
    log.contains("Address already in use")
        || log.contains("Another server instance in same directory")
}
