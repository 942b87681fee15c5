//! The driver of a library: a process that takes a command a line, and answers each with a line.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Longest time that a driver may take for a command beyond the command's own.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A library, and how its driver is started.
#[derive(Debug, Clone)]
pub(crate) struct Library {
    /// Its name.
    pub(crate) name: String,
    /// Program and arguments.
    pub(crate) command: Vec<String>,
}

/// Reads `NAME=COMMAND`, whose words are divided by spaces.
pub(crate) fn library(text: &str) -> Result<Library, String> {
    let (name, command) = text
        .split_once('=')
        .ok_or("should be a name and a command, as in python=\"python3 tests/driver.py\"")?;
    let command: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
    if name.is_empty() || command.is_empty() {
        return Err("the name and the command can't be empty".to_owned());
    }
    Ok(Library {
        name: name.to_owned(),
        command,
    })
}

/// A driver that runs. It is killed when it is dropped.
pub(crate) struct Driver {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Driver {
    /// Starts one.
    pub(crate) fn start(library: &Library) -> anyhow::Result<Self> {
        let (program, arguments) = library
            .command
            .split_first()
            .context("a driver has no command")?;
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{program} can't be started"))?;
        let input = process.stdin.take().context("the driver has no input")?;
        let output = process.stdout.take().context("the driver has no output")?;
        Ok(Driver {
            process,
            input,
            output: BufReader::new(output).lines(),
        })
    }

    /// Sends a command, and returns the answer.
    pub(crate) async fn ask(&mut self, command: &Map<String, Value>) -> anyhow::Result<Value> {
        let own = command.get("timeout_ms").and_then(Value::as_u64);
        self.ask_for(command, Duration::from_millis(own.unwrap_or(0)))
            .await
    }

    /// Sends a command that may take a time of its own, and returns the answer.
    pub(crate) async fn ask_for(
        &mut self,
        command: &Map<String, Value>,
        own: Duration,
    ) -> anyhow::Result<Value> {
        let mut line = serde_json::to_string(command)?;
        let shown = line.clone();
        line.push('\n');
        self.input.write_all(line.as_bytes()).await?;
        self.input.flush().await?;
        let answer = tokio::time::timeout(own + PATIENCE, self.output.next_line()).await;
        match answer.with_context(|| format!("no answer to {shown}"))?? {
            Some(line) => serde_json::from_str(&line)
                .with_context(|| format!("the driver answered {line} to {shown}")),
            None => bail!("the driver ended at {shown}"),
        }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> anyhow::Result<u32> {
        self.process.id().context("the driver has ended")
    }

    /// Kills it, as a crash would.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        Ok(self.process.kill().await?)
    }
}
