//! `cargo xtask test`: the whole test suite, against servers that live exactly as long as it runs, and half a minute
//! each of chaos and of siege in the end.

use std::process::{ExitCode, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::services::{self, Keep, Kept, Services};
use crate::{cargo, chaos, siege};

/// Runs the tests; `args` are those of `cargo test`. With `full` the runs in the end take minutes.
pub(crate) fn run(full: bool, args: Vec<String>) -> Result<ExitCode> {
    let interrupt = services::interrupts()?;
    check_dependencies()?;
    let services = Services::start(full)?;

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
    tests.args(args).envs(services.environment());
    let mut tests = Kept::spawn(
        &Keep {
            name: "cargo test",
            signal: "TERM",
            directory: None,
            log: None,
        },
        &tests,
    )?;
    let status = loop {
        if let Some(status) = tests.ended()? {
            break status;
        }
        match interrupt.recv_timeout(Duration::from_millis(50)) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => bail!("interrupted"),
        }
    };
    if status.success() && everything {
        // Chaos has servers of its own, which it breaks.
        drop(services);
        chaos::after_tests(full, &interrupt)?;
        siege::after_tests(full, &interrupt)?;
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Checks licences, bans and sources against `deny.toml` if cargo-deny is installed; the tests don't need it.
fn check_dependencies() -> Result<()> {
    let installed = cargo()
        .args(["deny", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !installed.context("cannot run cargo")?.success() {
        return Ok(());
    }
    let status = cargo()
        .args(["deny", "check", "licenses", "bans", "sources"])
        .status()
        .context("cannot run cargo deny")?;
    if !status.success() {
        bail!("cargo deny found a dependency that deny.toml does not allow");
    }
    Ok(())
}
