//! `cargo xtask bench --against REV`: measures the servers of two revisions in turn, and compares their difference with
//! the noise of each.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};

use super::protection::Protection;
use super::{Args, Scenario, measure, pairs};
use crate::build::Executables;
use crate::cargo;

/// Directory in which other revisions are built.
const PLACE: &str = "target/against";

/// Runs the scenarios with servers of both revisions and prints the differences. The load generator is this revision's
/// in any case.
pub(super) fn run(
    args: &Args,
    revision: &str,
    built: &Executables,
    chosen: &[&Scenario],
    events: u64,
) -> Result<ExitCode> {
    let commit = commit_of(revision).with_context(|| format!("--against {revision}"))?;
    let other = build(&commit, args.dev)?;
    // A build in between must not replace the measured executables.
    let server = keep(&built.server, "event-grpc-this")?;
    let loadgen = keep(&built.loadgen, "loadgen-this")?;
    let pair = [other, server].map(|server| Executables {
        server,
        loadgen: loadgen.clone(),
    });
    println!(
        "{} pairs of runs, {events} events (fewer where requests are small), {revision} ({}) against this tree; medians.",
        args.runs,
        &commit[..commit.len().min(10)]
    );
    pairs::run(args, [revision, "this"], chosen, |which, scenario| {
        measure(
            scenario,
            &pair[which],
            Protection::None,
            events / scenario.share,
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Commit that a revision names.
pub(crate) fn commit_of(revision: &str) -> Result<String> {
    git(&["rev-parse", "--verify", &format!("{revision}^{{commit}}")])
}

/// Builds a commit, and returns its executable. Earlier builds are reused.
pub(crate) fn build(commit: &str, dev: bool) -> Result<PathBuf> {
    let root = git(&["rev-parse", "--show-toplevel"])?;
    let place = Path::new(&root).join(PLACE);
    let profile = if dev { "debug" } else { "release" };
    let built = place.join(format!("event-grpc-{commit}-{profile}"));
    if built.exists() {
        return Ok(built);
    }
    let tree = place.join("tree");
    if tree.exists() {
        fs::remove_dir_all(&tree)?;
    }
    fs::create_dir_all(&tree)?;
    unpack(&root, commit, &tree)?;
    eprintln!("building {commit}");
    let target = place.join("target");
    let mut build = cargo();
    build.current_dir(&tree);
    build.args(["build", "--locked", "--workspace", "--bin", "event-grpc"]);
    build.arg("--target-dir").arg(&target);
    if !dev {
        build.arg("--release");
    }
    if !build.status().context("cannot run cargo")?.success() {
        bail!("{commit} does not build");
    }
    fs::copy(target.join(profile).join("event-grpc"), &built)?;
    fs::remove_dir_all(&tree)?;
    Ok(built)
}

/// Copy of an executable under a name of its own.
fn keep(executable: &Path, name: &str) -> Result<PathBuf> {
    let root = git(&["rev-parse", "--show-toplevel"])?;
    let copy = Path::new(&root).join(PLACE).join(name);
    fs::copy(executable, &copy).with_context(|| format!("cannot write {}", copy.display()))?;
    Ok(copy)
}

/// Unpacks the files of a commit.
fn unpack(root: &str, commit: &str, tree: &Path) -> Result<()> {
    let mut archive = Command::new("git")
        .args(["-C", root, "archive", "--format=tar", commit])
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run git")?;
    let files = archive.stdout.take().context("git archive has no output")?;
    let mut tar = Command::new("tar");
    let unpacked = tar.arg("-x").arg("-C").arg(tree).stdin(files).status();
    if !archive.wait()?.success() || !unpacked.context("cannot run tar")?.success() {
        bail!("the files of {commit} can't be unpacked");
    }
    Ok(())
}

/// Output of git.
fn git(args: &[&str]) -> Result<String> {
    let output = Command::new("git").args(args).output();
    let output = output.context("cannot run git")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
