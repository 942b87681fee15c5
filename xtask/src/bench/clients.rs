//! `clients` benchmark: what an event costs a program that sends it, with each client library.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::libraries;

/// Builds the libraries, and measures what an event costs a program that sends it.
pub(super) fn run(
    root: &Path,
    loadgen: &Path,
    rounds: u32,
    events: Option<u64>,
) -> Result<ExitCode> {
    let mut speed = Command::new(loadgen);
    speed.current_dir(root).arg("sender-speed");
    speed.args(["--rounds", &rounds.to_string()]);
    if let Some(events) = events {
        speed.args(["--count", &events.to_string()]);
    }
    for library in libraries::present(root, &[])? {
        library.build(root)?;
        speed.arg("--library").arg(library.driver());
    }
    match speed.status()?.success() {
        true => Ok(ExitCode::SUCCESS),
        false => bail!("not every library sent its events"),
    }
}
