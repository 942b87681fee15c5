//! One run of the engine's child process: command line, wait until it is ready, and end.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStdin, Command};

use super::error::EngineError;
use super::provision::Program;

/// Time limit for a child to end when its pipe closes. It gives the engine 3 s and then kills it.
const END_LIMIT: Duration = Duration::from_secs(8);

/// Interval at which the engine is asked if it is ready.
const ASK_INTERVAL: Duration = Duration::from_millis(50);

/// Length of the end of the engine's log in an error, in bytes.
const LOG_TAIL: u64 = 4_000;

/// Parameters that all runs share.
#[derive(Debug)]
pub(super) struct Launch {
    /// `event-grpc` executable with the hidden command.
    pub(super) executable: PathBuf,
    /// The engine.
    pub(super) program: Program,
    /// The engine's own directory, as an absolute path.
    pub(super) data: PathBuf,
    /// File for the engine's standard output and error.
    pub(super) log: PathBuf,
    /// Start timeout of the engine.
    pub(super) ready_timeout: Duration,
}

/// Loopback ports of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    /// HTTP port.
    pub(super) http: u16,
    /// Native protocol port.
    pub(super) native: u16,
}

/// Child process, and the pipe that keeps it running.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    pid: u32,
    /// Pipe that the child watches: closing it ends the child.
    lease: Option<ChildStdin>,
}

impl Launch {
    /// Starts the child and waits until it answers.
    pub(super) async fn start(&self, ports: Ports) -> Result<Running, EngineError> {
        let mut running = self.spawn(ports)?;
        let failure = tokio::select! {
            () = self.answers(ports) => return Ok(running),
            status = running.exited() => EngineError::Ended {
                engine: self.program.file().to_owned(),
                status: status.map_or_else(|error| error.to_string(), |status| status.to_string()),
                log: self.log.clone(),
                tail: self.log_tail(),
            },
            () = tokio::time::sleep(self.ready_timeout) => EngineError::NotReady {
                engine: self.program.file().to_owned(),
                waited: self.ready_timeout,
                log: self.log.clone(),
                tail: self.log_tail(),
            },
        };
        // The failure tells what happened; a child that doesn't end would add nothing to it.
        running.end().await.ok();
        Err(failure)
    }

    fn spawn(&self, ports: Ports) -> Result<Running, EngineError> {
        let (output, errors) = self
            .empty_log()
            .map_err(EngineError::io("write", &self.log))?;
        let mut command = Command::new(&self.executable);
        command.arg("engine");
        match &self.program {
            Program::Library(file) => command.arg("--library").arg(file),
            Program::Binary(file) => command.arg("--binary").arg(file),
        };
        let spawned = command
            .arg("--path")
            .arg(&self.data)
            .args([
                "--http-port",
                &ports.http.to_string(),
                "--tcp-port",
                &ports.native.to_string(),
            ])
            // The engine would read a config.xml of the user's working directory.
            .current_dir(&self.data)
            // In UTC, a DateTime without a zone reads the same on every machine.
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            // Ctrl-C in the terminal is for the server, which drains before it ends the engine.
            .process_group(0)
            .spawn();
        let unusable = EngineError::io("run", &self.executable);
        let mut child = spawned.map_err(unusable)?;
        let lease = child.stdin.take();
        // The id exists as long as the child has not been waited for.
        Ok(Running {
            pid: child.id().unwrap_or_default(),
            child,
            lease,
        })
    }

    /// Opens the log twice, without the output of earlier runs. The child only appends.
    fn empty_log(&self) -> io::Result<(File, File)> {
        File::create(&self.log)?;
        let log = fs::OpenOptions::new().append(true).open(&self.log)?;
        Ok((log.try_clone()?, log))
    }

    /// Asks until this engine answers, and not one that another server has started on the port.
    async fn answers(&self, ports: Ports) {
        let client = clickhouse::Client::default().with_url(ports.url());
        loop {
            let query = client.query("SELECT path FROM system.disks WHERE name = 'default'");
            let answer =
                tokio::time::timeout(Duration::from_secs(5), query.fetch_one::<String>()).await;
            if matches!(answer, Ok(Ok(path)) if Path::new(&path) == self.data) {
                return;
            }
            tokio::time::sleep(ASK_INTERVAL).await;
        }
    }

    /// The end of the log, for an error message.
    pub(super) fn log_tail(&self) -> String {
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

impl Running {
    /// The child's process id.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until the child has ended by itself.
    pub(super) async fn exited(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Closes the pipe and waits for the end; kills the child and its own child if that takes too long.
    pub(super) async fn end(&mut self) -> io::Result<()> {
        self.lease = None;
        if let Ok(ended) = tokio::time::timeout(END_LIMIT, self.child.wait()).await {
            return ended.map(drop);
        }
        let group = self
            .child
            .id()
            .and_then(|pid| i32::try_from(pid).ok())
            .and_then(Pid::from_raw);
        if let Some(group) = group {
            kill_process_group(group, Signal::KILL)?;
        }
        self.child.wait().await.map(drop)
    }
}

impl Ports {
    /// Finds two free ports. Both are held until both are known, so that they differ.
    pub(super) fn find() -> io::Result<Self> {
        let http = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let native = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Ok(Self {
            http: http.local_addr()?.port(),
            native: native.local_addr()?.port(),
        })
    }

    /// The URL for HTTP.
    pub(super) fn url(self) -> String {
        format!(
            "http://{}",
            SocketAddr::from((Ipv4Addr::LOCALHOST, self.http))
        )
    }
}
