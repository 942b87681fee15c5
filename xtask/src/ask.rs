//! What senders and operators do: requests over HTTP, messages to RabbitMQ, commands.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::bench::setting;
use crate::http::request;

/// Time limit for what is expected to happen.
const PATIENCE: Duration = Duration::from_secs(120);

/// Interval at which it is looked at.
const EVERY: Duration = Duration::from_millis(200);

/// Posts JSON, and returns status and answer.
pub(crate) fn post(port: u16, path: &str, headers: &[&str], body: &str) -> Result<(u16, String)> {
    request("POST", port, path, headers, body)
}

/// True if an instance says at the port of its operators that it is ready.
pub(crate) fn is_ready(ops: u16) -> Result<bool> {
    Ok(request("GET", ops, "/readyz", &[], "")?.0 == 200)
}

/// Posts until the answer isn't that the server can't take it yet.
pub(crate) fn send(port: u16, path: &str, headers: &[&str], body: &str) -> Result<u16> {
    let begun = Instant::now();
    loop {
        match post(port, path, headers, body)? {
            (503 | 429, text) if begun.elapsed() > PATIENCE => bail!("{path}: {text}"),
            (503 | 429, _) => thread::sleep(EVERY),
            (status, _) => return Ok(status),
        }
    }
}

/// Publishes messages; false if RabbitMQ doesn't take them.
pub(crate) fn publish(
    loadgen: &Path,
    url: &str,
    (exchange, key): (&str, &str),
    messages: &[String],
) -> Result<bool> {
    let mut command = Command::new(loadgen);
    command.args([
        "publish",
        "--amqp-url",
        url,
        "--exchange",
        exchange,
        "--key",
        key,
    ]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("loadgen can't be run")?;
    let mut lines = child.stdin.take().context("loadgen has no input")?;
    writeln!(lines, "{}", messages.join("\n"))?;
    drop(lines);
    Ok(child.wait_with_output()?.status.success())
}

/// Runs a command of an executable against RabbitMQ and ClickHouse; its exit status and its output.
pub(crate) fn command(
    executable: &Path,
    (amqp, clickhouse): &(String, String),
    args: &[&str],
) -> Result<(i32, String)> {
    let mut command = Command::new(executable);
    command.args(args).envs(setting::secrets());
    command.env("EVENT_GRPC_AMQP_URL", amqp);
    command.env("EVENT_GRPC_CLICKHOUSE_URL", clickhouse);
    let output = command.output().context("event-grpc can't be run")?;
    let text = [output.stdout, output.stderr].concat();
    let status = output.status.code().context("it was killed")?;
    Ok((status, String::from_utf8_lossy(&text).into_owned()))
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut is: impl FnMut() -> Result<bool>) -> Result<()> {
    let begun = Instant::now();
    while !is()? {
        if begun.elapsed() > PATIENCE {
            bail!("not within {PATIENCE:?}: {what}");
        }
        thread::sleep(EVERY);
    }
    Ok(())
}
