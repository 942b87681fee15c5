//! `cargo xtask test clients`: the client libraries' own tests, the scenarios of the contract with each of them, and
//! with faults many events through each into real servers.

mod descriptions;
mod faults;
mod library;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::mpsc::Receiver;

use anyhow::{Result, bail};
use library::Library;

use crate::build;
use crate::services;

/// What `cargo xtask test clients` may be told, behind that word.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    /// Only these libraries; all if empty.
    only: Vec<String>,
    /// Also 100,000 events through each library, with faults.
    faults: bool,
    /// Also the proto files, and OpenAPI against a server.
    descriptions: bool,
}

impl Wishes {
    /// Reads the words behind `clients`.
    pub(crate) fn of(words: &[String], full: bool) -> Self {
        let (flags, only): (Vec<_>, Vec<_>) =
            words.iter().cloned().partition(|word| word == "--faults");
        Wishes {
            descriptions: only.is_empty(),
            faults: full || !flags.is_empty(),
            only,
        }
    }

    fn includes(&self, library: &Library) -> bool {
        self.only.is_empty() || self.only.contains(&library.name)
    }
}

/// Libraries whose tools are there. One whose tools aren't installed is left out, and that is said; it is an error where the
/// library was named.
fn present(root: &Path, wishes: &Wishes) -> Result<Vec<Library>> {
    let all = library::all(root)?;
    let is_one = |name: &String| all.iter().any(|library| library.name == *name);
    if let Some(other) = wishes.only.iter().find(|name| !is_one(name)) {
        let names: Vec<&str> = all.iter().map(|library| library.name.as_str()).collect();
        let names = names.join(", ");
        bail!("`{other}` is neither a library ({names}) nor --faults");
    }
    let mut present = Vec::new();
    for library in all.into_iter().filter(|library| wishes.includes(library)) {
        match library.missing() {
            None => {}
            Some((program, how)) if wishes.only.is_empty() => {
                println!("{}: not run, there is no {program} ({how})", library.name);
                continue;
            }
            Some((program, how)) => bail!("{} needs {program}: {how}", library.name),
        }
        present.push(library);
    }
    Ok(present)
}

/// Builds the libraries, and measures what an event costs a program that sends it.
pub(crate) fn speed(
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
    for library in present(root, &Wishes::default())? {
        library.build(root)?;
        speed.arg("--library").arg(library.driver());
    }
    match speed.status()?.success() {
        true => Ok(ExitCode::SUCCESS),
        false => bail!("not every library sent its events"),
    }
}

/// Builds the libraries, runs their tests, and plays the scenarios; with faults, if that is wished.
pub(crate) fn run(root: &Path, wishes: &Wishes) -> Result<ExitCode> {
    let interrupt = services::interrupts()?;
    if wishes.faults {
        services::install::missing_packages(&["rabbitmq"])?;
    }
    all(root, wishes, &interrupt)?;
    Ok(ExitCode::SUCCESS)
}

/// The same after the tests of the project.
pub(crate) fn after_tests(root: &Path, full: bool, interrupt: &Receiver<()>) -> Result<()> {
    let wishes = Wishes {
        descriptions: full,
        ..Wishes::of(&[], full)
    };
    all(root, &wishes, interrupt)
}

fn all(root: &Path, wishes: &Wishes, interrupt: &Receiver<()>) -> Result<()> {
    let present = present(root, wishes)?;
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
        library.test(root)?;
    }
    let mut scenarios = Command::new(&built.loadgen);
    scenarios.current_dir(root).arg("senders");
    for library in &present {
        scenarios.arg("--library").arg(library.driver());
    }
    if !scenarios.status()?.success() {
        bail!("a library doesn't do what docs/clients.md says");
    }
    if wishes.faults {
        faults::run(root, &built, &present, interrupt)?;
    }
    Ok(())
}
