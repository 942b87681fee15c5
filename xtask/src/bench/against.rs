//! `cargo xtask bench --against REV`: measures the servers of two revisions in turn, and compares their difference with
//! the noise of each.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{Args, FIGURES, Scenario, figures, measure, middle, shown};
use crate::build::Executables;
use crate::cargo;

/// Directory in which other revisions are built.
const PLACE: &str = "target/against";

/// Reports of one scenario by revision: the other one first, this one second.
#[derive(Default)]
struct Runs([Vec<Value>; 2]);

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
    let mut all: Vec<Runs> = chosen.iter().map(|_| Runs::default()).collect();
    for number in 1..=args.runs {
        for (scenario, runs) in chosen.iter().zip(&mut all) {
            // The first one finds another machine than the second one; so they take turns.
            let order = match number % 2 {
                1 => [0, 1],
                _ => [1, 0],
            };
            for which in order {
                let report = measure(scenario, &pair[which], events / scenario.share)
                    .with_context(|| format!("pair {number} of {}", scenario.name))?;
                let name = [revision, "this"][which];
                eprintln!("{} {number}/{} {name}: {report}", scenario.name, args.runs);
                runs.0[which].push(report);
            }
        }
    }
    println!(
        "{} pairs of runs, {events} events (fewer where requests are small), {} ({}) against this tree; medians.",
        args.runs,
        revision,
        &commit[..commit.len().min(10)]
    );
    println!(
        "`ratio` is the median of the pairs' ratios, this tree's figure by the other's. `of itself` is the noise: the median \
         of how far a run is from the one before of the same revision. A ratio within it says nothing."
    );
    println!("| scenario | figure | {revision} | this | ratio | of itself | |");
    println!("| --- | --- | ---: | ---: | ---: | ---: | --- |");
    for (scenario, runs) in chosen.iter().zip(&all) {
        for (heading, path) in FIGURES {
            if let Some(line) = runs.line(path) {
                println!("| {} | {heading} | {line} |", scenario.name);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Runs {
    /// Cells of a figure, if both revisions have it.
    fn line(&self, path: &str) -> Option<String> {
        let [other, this] = [0, 1].map(|which| figures(&self.0[which], path));
        let ratios: Vec<f64> = this.iter().zip(&other).map(|(t, o)| t / o).collect();
        let ratio = middle(ratios)?;
        let noise = noise(&other, &this);
        let verdict = match noise {
            Some(noise) if (ratio - 1.0).abs() <= noise => "noise",
            Some(_) if ratio.is_finite() => "differs",
            _ => "",
        };
        Some(format!(
            "{} | {} | {ratio:.3} | {} | {verdict}",
            middle(other).map(shown)?,
            middle(this).map(shown)?,
            noise.map_or_else(
                || "-".to_owned(),
                |noise| format!("±{:.1} %", noise * 100.0)
            ),
        ))
    }
}

/// Noise: the median difference between consecutive runs of one revision, as a fraction.
fn noise(other: &[f64], this: &[f64]) -> Option<f64> {
    let steps = [other, this]
        .into_iter()
        .flat_map(|runs| runs.windows(2))
        .map(|pair| (pair[1] / pair[0] - 1.0).abs());
    middle(steps.collect())
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_ratio_is_told_from_noise() {
        let runs = |figures: [f64; 4]| figures.map(|figure| json!({ "seconds": figure })).to_vec();
        let line = |other, this| Runs([runs(other), runs(this)]).line("/seconds").unwrap();
        let same = line([10.0, 11.0, 10.0, 11.0], [10.5, 10.0, 11.0, 10.4]);
        assert!(same.ends_with("| noise"), "{same}");
        let slower = line([10.0, 10.1, 10.0, 10.1], [12.0, 12.1, 12.0, 12.1]);
        assert_eq!(slower, "10.05 | 12.05 | 1.199 | ±0.9 % | differs");
        assert!(Runs::default().line("/seconds").is_none());
    }
}
