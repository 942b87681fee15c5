//! `cargo xtask test`: the whole test suite, against servers that live exactly as long as it runs, then half a minute
//! each of chaos and of siege, and the client libraries.

mod retry;

use std::env;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::services::{self, Keep, Kept, Services};
use crate::{cargo, chaos, clients, deploy, siege, walk};

/// Runs the tests; `args` are those of `cargo test`. With `full` the runs in the end take minutes; with `retry` a few tests
/// that fail are run once more, one at a time, and what passes then is told and doesn't count. `rabbitmq` is the release of the
/// broker, if it isn't the one that is installed.
pub(crate) fn run(
    root: &Path,
    full: bool,
    retry: bool,
    rabbitmq: Option<&str>,
    args: Vec<String>,
) -> Result<ExitCode> {
    let interrupt = services::interrupts()?;
    if let Some(version) = rabbitmq {
        services::rabbitmq::choose(version)?;
    }
    check_dependencies(root, full)?;
    let mut services = Services::start(full)?;

    // A selection of tests doesn't include this one.
    let everything = args.is_empty();
    let mut tests = cargo();
    tests.arg("test");
    if !args
        .iter()
        .any(|arg| arg == "-p" || arg.starts_with("--package"))
    {
        tests.arg("--workspace");
    }
    if retry {
        tests.arg("--no-fail-fast");
    }
    tests.args(args).envs(services.environment());
    if env::var_os(THREADS).is_none() {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        tests.env(THREADS, cores.max(LEAST_THREADS).to_string());
    }
    let (mut status, output, restarted) = watch(&tests, retry, &mut services, &interrupt)?;
    let limit = retry::limit(restarted);
    if let Some(failed) = retry::failed(&output, limit).filter(|_| retry && !status.success()) {
        let mut again = cargo();
        again.args(["test", "--workspace", "--no-fail-fast", "--", "--exact"]);
        again.arg("--test-threads=1").args(&failed);
        again.envs(services.environment());
        let (ended, output, _) = watch(&again, true, &mut services, &interrupt)?;
        if ended.success() && retry::passed(&output, &failed) {
            eprintln!(
                "\nFLAKY: these failed among others and passed by themselves: {}",
                failed.join(", ")
            );
            status = ended;
        }
    }
    if status.success() && everything {
        // Chaos has servers of its own, which it breaks.
        drop(services);
        chaos::after_tests(root, full, &interrupt)?;
        siege::after_tests(full, &interrupt)?;
        clients::after_tests(root, full, retry, &interrupt)?;
        if full {
            walk::after_tests(root, &interrupt)?;
            deploy::after_tests(root)?;
            if !kafka_tls(&interrupt)?.success() {
                bail!("what is about TLS and accounts of Kafka fails");
            }
            for version in services::rabbitmq::choices()? {
                if !other_release(version, &interrupt)?.success() {
                    bail!("what is about RabbitMQ fails with {version}");
                }
            }
        }
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// How many tests run at once, for the harness of Rust's tests.
const THREADS: &str = "RUST_TEST_THREADS";

/// Least number of tests that run at once: most of them wait for servers more than they compute.
const LEAST_THREADS: usize = 3;

/// Tests that are about RabbitMQ.
const OF_RABBITMQ: [&str; 8] = [
    "app::outages",
    "app::rabbit",
    "broker::",
    "cutover::",
    "ledger::",
    "live::",
    "partitions::",
    "topology::",
];

/// Runs the tests that are about RabbitMQ with another release of it.
fn other_release(version: &str, interrupt: &Receiver<()>) -> Result<ExitStatus> {
    services::rabbitmq::choose(version)?;
    let mut services = Services::start(false)?;
    let mut tests = cargo();
    tests.args(["test", "--workspace", "--test", "it", "--"]);
    tests.args(OF_RABBITMQ).envs(services.environment());
    let (status, _, _) = watch(&tests, false, &mut services, interrupt)?;
    Ok(status)
}

/// Runs the tests of Kafka with certificates and accounts in a build that has TLS for it, as releases do.
fn kafka_tls(interrupt: &Receiver<()>) -> Result<ExitStatus> {
    let mut services = Services::start(false)?;
    let mut tests = cargo();
    tests.args(["test", "--workspace", "--features", "event-grpc/kafka-tls"]);
    tests
        .args(["--test", "it", "--", "kafka::secured"])
        .envs(services.environment());
    let (status, _, _) = watch(&tests, false, &mut services, interrupt)?;
    Ok(status)
}

/// Runs a command to its end, which writes to the terminal; its output, if it is to be kept, is shown meanwhile. The
/// last part of the answer is true if a server ended by itself meanwhile.
fn watch(
    command: &Command,
    keep: bool,
    services: &mut Services,
    interrupt: &Receiver<()>,
) -> Result<(ExitStatus, String, bool)> {
    let log = tempfile::NamedTempFile::new()?;
    let mut written = File::open(log.path())?;
    let mut kept = Kept::spawn(
        &Keep {
            name: "cargo test",
            signal: "TERM",
            directory: None,
            log: keep.then(|| log.path()),
        },
        command,
    )?;
    let mut output = Vec::new();
    let mut restarted = false;
    loop {
        restarted |= services.restart_ended()?;
        let ended = kept.ended()?;
        let before = output.len();
        written.read_to_end(&mut output)?;
        let mut terminal = std::io::stdout().lock();
        terminal.write_all(output.get(before..).unwrap_or_default())?;
        terminal.flush()?;
        if let Some(status) = ended {
            let output = String::from_utf8_lossy(&output).into_owned();
            return Ok((status, output, restarted));
        }
        match interrupt.recv_timeout(Duration::from_millis(50)) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => bail!("interrupted"),
        }
    }
}

/// The cargo-deny that a full run installs for itself.
const DENY: &[&str] = &["cargo-deny", "--locked", "--version", "0.20.2", "--debug"];

/// Checks licences, bans and sources against `deny.toml` if cargo-deny is installed. A full run installs it below `target/`
/// where it isn't, which takes minutes.
fn check_dependencies(root: &Path, full: bool) -> Result<()> {
    let installed = cargo()
        .args(["deny", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let mut deny = match installed.context("cannot run cargo")?.success() {
        true => {
            let mut deny = cargo();
            deny.arg("deny");
            deny
        }
        false if full => {
            let tools = root.join("target/tools");
            let mut install = cargo();
            install.arg("install").args(DENY).arg("--root").arg(&tools);
            install.arg("--target-dir").arg(tools.join("build"));
            if !install
                .status()
                .context("cannot run cargo install")?
                .success()
            {
                bail!("cargo-deny can't be installed");
            }
            // Run by itself, it wants the name under which cargo would call it.
            let mut deny = Command::new(tools.join("bin/cargo-deny"));
            deny.arg("deny");
            deny
        }
        false => return Ok(()),
    };
    let status = deny
        .args(["check", "licenses", "bans", "sources"])
        .current_dir(root)
        .status()
        .context("cannot run cargo deny")?;
    if !status.success() {
        bail!("cargo-deny found a dependency that deny.toml does not allow");
    }
    Ok(())
}
