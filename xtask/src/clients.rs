//! `cargo xtask test clients`: the client libraries' own tests, the scenarios of the contract with each of them, and
//! with faults many events through each into real servers.

mod descriptions;
mod faults;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::mpsc::Receiver;

use anyhow::{Context as _, Result, bail};

use crate::{build, libraries, services};

/// What `cargo xtask test clients` may be told, behind that word.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    /// Only these libraries; all if empty.
    only: Vec<String>,
    /// Also this many events through each library, with faults.
    faults: Option<u64>,
    /// Also the proto files, and OpenAPI against a server.
    descriptions: bool,
    /// Also the libraries' own tests, those in a browser among them.
    own_tests: bool,
    /// Scenarios that fail are played once more, which is told.
    retry: bool,
}

impl Wishes {
    /// Reads the words behind `clients`: libraries, and `--faults` or `--faults=EVENTS`.
    pub(crate) fn of(words: &[String], full: bool) -> Result<Self> {
        let mut faults = full.then_some(faults::EVENTS);
        let mut only = Vec::new();
        for word in words {
            match word.strip_prefix("--faults") {
                Some("") => faults = Some(faults::EVENTS),
                Some(count) => {
                    let count = count.strip_prefix('=').and_then(|count| count.parse().ok());
                    faults = Some(count.context("`--faults=` is followed by a number of events")?);
                }
                None => only.push(word.clone()),
            }
        }
        Ok(Wishes {
            descriptions: only.is_empty(),
            own_tests: true,
            retry: false,
            faults,
            only,
        })
    }
}

/// Builds the libraries, runs their tests, and plays the scenarios; with faults, if that is wished.
pub(crate) fn run(root: &Path, wishes: &Wishes) -> Result<ExitCode> {
    let interrupt = services::interrupts()?;
    if wishes.faults.is_some() {
        services::install::missing_packages(&["rabbitmq"])?;
    }
    all(root, wishes, &interrupt)?;
    Ok(ExitCode::SUCCESS)
}

/// The same after the tests of the project.
pub(crate) fn after_tests(
    root: &Path,
    full: bool,
    retry: bool,
    interrupt: &Receiver<()>,
) -> Result<()> {
    let wishes = Wishes {
        retry,
        descriptions: full,
        own_tests: full,
        ..Wishes::of(&[], full)?
    };
    all(root, &wishes, interrupt)
}

fn all(root: &Path, wishes: &Wishes, interrupt: &Receiver<()>) -> Result<()> {
    let present = libraries::present(root, &wishes.only)?;
    if wishes.descriptions {
        descriptions::proto(root)?;
    }
    if present.is_empty() {
        println!("No client library can be tested here.");
        return Ok(());
    }
    let built = build::all(&[])?;
    if wishes.descriptions {
        descriptions::openapi(root, &built.server)?;
    }
    for library in &present {
        library.build(root)?;
        if wishes.own_tests {
            library.test(root)?;
        }
    }
    let mut scenarios = Command::new(&built.loadgen);
    scenarios.current_dir(root).arg("senders");
    for library in &present {
        scenarios.arg("--library").arg(library.driver());
    }
    let mut passed = scenarios.status()?.success();
    if !passed && wishes.retry {
        eprintln!("\nFLAKY, if they pass now: the scenarios above are played once more");
        passed = scenarios.status()?.success();
    }
    if !passed {
        bail!("a library doesn't do what docs/clients.md says");
    }
    if let Some(count) = wishes.faults {
        faults::run(root, &built, &present, count, interrupt)?;
    }
    Ok(())
}
