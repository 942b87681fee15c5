//! One run of the engine's child process: command line, wait until it is ready, and end.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, Command};

use super::accounts::{Accounts, SERVER};
use super::endpoint::Endpoint;
use super::error::EngineError;
use super::place::{Owner, Place};
use super::provision::Program;

/// Time limit for a child to end when its pipe closes. It gives the engine 3 s and then kills it.
const END_LIMIT: Duration = Duration::from_secs(8);

/// Interval at which the engine is asked if it is ready.
const ASK_INTERVAL: Duration = Duration::from_millis(50);

/// Length of the end of the engine's log in an error, in bytes.
const LOG_TAIL: u64 = 4_000;

/// Environment of the child, and all of it. Nothing of the server's own reaches the engine.
const ENVIRONMENT: [(&str, &str); 3] = [
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("LANG", "C.UTF-8"),
    // In UTC, a DateTime without a zone reads the same on every machine.
    ("TZ", "UTC"),
];

/// Parameters that all runs share.
#[derive(Debug)]
pub(super) struct Launch {
    /// `event-grpc` executable with the hidden command.
    pub(super) executable: PathBuf,
    /// The engine.
    pub(super) program: Program,
    /// The data directory.
    pub(super) place: Place,
    /// The accounts that the engine is to know.
    pub(super) accounts: Accounts,
    /// User that the engine is to become, if it isn't the server's.
    pub(super) owner: Option<Owner>,
    /// Start timeout of the engine.
    pub(super) ready_timeout: Duration,
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
    pub(super) async fn start(&self, endpoint: Endpoint) -> Result<Running, EngineError> {
        let mut running = self.spawn(endpoint)?;
        // A child that has ended meanwhile fails the next line with what it had to say.
        running.hand_over(&self.accounts).await.ok();
        let failure = tokio::select! {
            () = self.answers(endpoint) => return Ok(running),
            status = running.exited() => EngineError::Ended {
                engine: self.program.file().to_owned(),
                status: status.map_or_else(|error| error.to_string(), |status| status.to_string()),
                log: self.place.log(),
                tail: self.log_tail(),
            },
            () = tokio::time::sleep(self.ready_timeout) => EngineError::NotReady {
                engine: self.program.file().to_owned(),
                waited: self.ready_timeout,
                log: self.place.log(),
                tail: self.log_tail(),
            },
        };
        // The failure tells what happened; a child that doesn't end would add nothing to it.
        running.end().await.ok();
        Err(failure)
    }

    fn spawn(&self, endpoint: Endpoint) -> Result<Running, EngineError> {
        let (output, errors) = self
            .empty_log()
            .map_err(EngineError::io("write", &self.place.log()))?;
        let mut command = Command::new(&self.executable);
        command.arg("engine");
        match &self.program {
            Program::Library(file) => command.arg("--library").arg(file),
            Program::Binary(file) => command.arg("--binary").arg(file),
        };
        if let Some(owner) = self.owner {
            command.arg("--user").arg(owner.user.to_string());
            command.arg("--group").arg(owner.group.to_string());
        }
        let spawned = command
            .arg("--accounts")
            .arg("--path")
            .arg(self.place.engine())
            .arg("--http-port")
            .arg(endpoint.http.to_string())
            // The engine would read a config.xml of the user's working directory.
            .current_dir(self.place.engine())
            .env_clear()
            .envs(ENVIRONMENT)
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
        let log = self.place.create(&self.place.log())?;
        Ok((log.try_clone()?, log))
    }

    /// Asks until this engine answers, and not one that another server has started on the port.
    async fn answers(&self, endpoint: Endpoint) {
        let client = clickhouse::Client::default()
            .with_url(endpoint.url())
            .with_user(SERVER)
            .with_password(self.accounts.server.reveal());
        loop {
            let query = client.query("SELECT path FROM system.disks WHERE name = 'default'");
            let answer =
                tokio::time::timeout(Duration::from_secs(5), query.fetch_one::<String>()).await;
            if matches!(answer, Ok(Ok(path)) if Path::new(&path) == self.place.engine()) {
                return;
            }
            tokio::time::sleep(ASK_INTERVAL).await;
        }
    }

    /// The end of the log, for an error message.
    pub(super) fn log_tail(&self) -> String {
        let read = || {
            let mut file = File::open(self.place.log())?;
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
    /// Writes the accounts into the pipe, and keeps it open.
    async fn hand_over(&mut self, accounts: &Accounts) -> io::Result<()> {
        let Some(pipe) = &mut self.lease else {
            return Ok(());
        };
        pipe.write_all(accounts.configuration().as_bytes()).await?;
        pipe.write_all(&[0]).await?;
        pipe.flush().await
    }

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
