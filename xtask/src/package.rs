//! `cargo xtask package`: what is installed on machines and clusters, in `target/package`.

mod chart;
mod deb;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};

use crate::build;

/// Arguments of `cargo xtask package`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to build: a Debian package, with dpkg-deb, or the chart with the generated rules and dashboards in it; both without
    /// a word
    only: Vec<What>,
    /// The server's program, in place of a release build
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    Deb,
    Chart,
}

/// Builds what is asked for, and prints where it is.
pub(crate) fn run(root: &Path, args: &Args) -> Result<ExitCode> {
    let root = fs::canonicalize(root)?;
    let place = root.join("target/package");
    let wanted = |what| args.only.is_empty() || args.only.contains(&what);
    if wanted(What::Deb) {
        let binary = match &args.binary {
            Some(binary) => binary.clone(),
            None => build::server(&["--release", "--locked", "--features", "kafka-tls"])?,
        };
        println!("{}", deb(&root, &place, &binary)?.display());
    }
    if wanted(What::Chart) {
        println!("{}", chart::build(&root, &place)?.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds the Debian package with this program.
pub(crate) fn deb(root: &Path, place: &Path, binary: &Path) -> Result<PathBuf> {
    deb::build(root, place, binary)
}

/// Version of the workspace.
fn version(root: &Path) -> Result<String> {
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let version = manifest
        .split_once("[workspace.package]")
        .and_then(|(_, rest)| rest.split('"').nth(1));
    Ok(version.context("Cargo.toml has no version")?.to_owned())
}

/// Copies a file, with its mode.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).with_context(|| from.display().to_string())?;
    Ok(())
}

/// Copies a folder with all that is in it.
fn folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => folder(&entry.path(), &to)?,
            false => copy(&entry.path(), &to)?,
        }
    }
    Ok(())
}

/// Runs a command to its end; what it printed.
fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().display().to_string();
    let output = command
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("{program} failed ({}): {}", output.status, errors.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
