//! The client libraries: how each is built and tested, and how its driver is started.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// A client library, in `clients/NAME`.
#[derive(Debug, Deserialize)]
pub(crate) struct Library {
    /// Its name, and its folder's.
    name: String,
    /// Programs that it needs, each with where to have it from.
    needs: BTreeMap<String, String>,
    /// Commands that build it, in its folder.
    build: Vec<String>,
    /// Commands that run its own tests, in its folder.
    tests: Vec<String>,
    /// Command that starts its driver, in the project's folder.
    driver: String,
}

/// Those of these names, or all if there is none, whose tools are there. One whose tools aren't installed is left out, and
/// that is said; it is an error where it was named.
pub(crate) fn present(root: &Path, only: &[String]) -> Result<Vec<Library>> {
    let all = all(root)?;
    let is_one = |name: &String| all.iter().any(|library| library.name == *name);
    if let Some(other) = only.iter().find(|name| !is_one(name)) {
        let names: Vec<&str> = all.iter().map(|library| library.name.as_str()).collect();
        let names = names.join(", ");
        bail!("`{other}` is neither a library ({names}) nor --faults");
    }
    let mut present = Vec::new();
    let chosen = |library: &Library| only.is_empty() || only.contains(&library.name);
    for library in all.into_iter().filter(chosen) {
        match library.missing() {
            None => {}
            Some((program, how)) if only.is_empty() => {
                println!("{}: not run, there is no {program} ({how})", library.name);
                continue;
            }
            Some((program, how)) => bail!("{} needs {program}: {how}", library.name),
        }
        present.push(library);
    }
    Ok(present)
}

fn all(root: &Path) -> Result<Vec<Library>> {
    let path = root.join("clients/libraries.json");
    let text = fs::read(&path).with_context(|| path.display().to_string())?;
    serde_json::from_slice(&text).with_context(|| path.display().to_string())
}

impl Library {
    /// The first program that it needs and that isn't on the path, and where to have it from.
    fn missing(&self) -> Option<(&str, &str)> {
        let missing = self.needs.iter().find(|(program, _)| !is_on_path(program));
        missing.map(|(program, how)| (program.as_str(), how.as_str()))
    }

    /// Builds it.
    pub(crate) fn build(&self, root: &Path) -> Result<()> {
        self.all(root, &self.build)
    }

    /// Runs its own tests.
    pub(crate) fn test(&self, root: &Path) -> Result<()> {
        self.all(root, &self.tests)
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// `NAME=COMMAND` for the load generator.
    pub(crate) fn driver(&self) -> String {
        format!("{}={}", self.name, self.driver)
    }

    fn all(&self, root: &Path, commands: &[String]) -> Result<()> {
        for command in commands {
            println!("{}: {command}", self.name);
            let mut words = command.split_whitespace();
            let program = words.next().context("a command has no words")?;
            let status = Command::new(program)
                .args(words)
                .current_dir(root.join("clients").join(&self.name))
                .status()
                .with_context(|| format!("cannot run {program}"))?;
            if !status.success() {
                bail!("`{command}` failed in clients/{}", self.name);
            }
        }
        Ok(())
    }
}

fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder: PathBuf| folder.join(program).is_file())
}
