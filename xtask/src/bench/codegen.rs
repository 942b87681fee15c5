//! `codegen` benchmark: what the generator takes for declarations that are many times as large as those of this repository.
//!
//! Each run makes a project of its own in a temporary folder, a git repository whose first commit has the declarations and the
//! migrations of this one, and runs a release build of these commands there.

mod many;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use super::{directory, middle};
use crate::build;

/// What is measured: the title of its rows, and the arguments.
const COMMANDS: [(&str, &[&str]); 6] = [
    ("`codegen`, nothing generated yet", &["codegen"]),
    ("`codegen`, nothing changed", &["codegen"]),
    ("`codegen --check`", &["codegen", "--check"]),
    ("`plan` of all that is new", &["plan"]),
    ("`codegen`, one new event type", &["codegen"]),
    ("`plan` of one new event type", &["plan"]),
];

/// The first of them that is run with everything released but one event type.
const WITH_ONE: usize = 4;

/// Event types and tables that are added, in steps: the last project is twice the one before.
const STEPS: [(usize, usize); 3] = [(0, 0), (600, 101), (1256, 228)];

/// What a project is made of, from the root.
const DECLARED: [&str; 3] = ["pipeline.yaml", "proto", "migrations"];

/// Ticks of the CPU time of processes in a second, as Linux tells it to every process.
const TICKS: f64 = 100.0;

/// Seconds that a command took.
#[derive(Clone, Copy)]
struct Took {
    wall: f64,
    cpu: f64,
}

/// Runs every command in projects of every size so many times, and prints the medians.
pub(super) fn run(root: &Path, runs: u32) -> Result<ExitCode> {
    let xtask = build::xtask()?;
    let mut took = vec![vec![Vec::new(); COMMANDS.len()]; STEPS.len()];
    for number in 1..=runs {
        for (step, took) in STEPS.into_iter().zip(&mut took) {
            let run = one(root, &xtask, step).with_context(|| format!("run {number}"))?;
            let shown: Vec<String> = run.iter().map(|took| format!("{:.2}", took.wall)).collect();
            eprintln!("{number}/{runs} +{} types: {} s", step.0, shown.join(", "));
            took.iter_mut()
                .zip(run)
                .for_each(|(all, one)| all.push(one));
        }
    }
    print(root, &took)?;
    Ok(ExitCode::SUCCESS)
}

/// One run: a project of this size, and each command in it.
fn one(root: &Path, xtask: &Path, (types, tables): (usize, usize)) -> Result<Vec<Took>> {
    let directory = directory()?;
    let project = directory.path();
    for name in DECLARED {
        copy(&root.join(name), &project.join(name))?;
    }
    git(project, &["init", "--quiet", "--initial-branch=main"])?;
    commit(project)?;
    many::add(project, types, tables)?;
    let mut took = Vec::new();
    for (at, (_, arguments)) in COMMANDS.iter().enumerate() {
        if at == WITH_ONE {
            commit(project)?;
            many::add_one(project)?;
        }
        took.push(measure(xtask, project, arguments)?);
    }
    Ok(took)
}

/// Prints a row for each command, and how much longer it takes in the largest project.
fn print(root: &Path, took: &[Vec<Vec<Took>>]) -> Result<()> {
    let (model, _) = event_grpc_codegen::load(root);
    let model = model.map_err(|mistakes| anyhow::anyhow!("{} mistakes", mistakes.len()))?;
    let types = model.envelope.as_ref().map_or(0, |e| e.types.len());
    let sizes = STEPS.map(|(more, tables)| {
        let (types, tables) = (types + more, model.tables.len() + tables);
        format!("{types} types, {tables} tables")
    });
    println!("| command | | {} | last by one before |", sizes.join(" | "));
    println!("| --- | --- |{}", " ---: |".repeat(STEPS.len() + 1));
    let figures: [(&str, fn(&Took) -> f64); 2] = [("wall s", |t| t.wall), ("CPU s", |t| t.cpu)];
    for (at, (title, _)) in COMMANDS.iter().enumerate() {
        for (figure, of) in figures {
            let of_size = |size: &Vec<Vec<Took>>| middle(size.get(at)?.iter().map(of).collect());
            let medians: Vec<f64> = took.iter().filter_map(of_size).collect();
            let cells: Vec<String> = medians.iter().map(|m| format!("{m:.2}")).collect();
            let ratio = match medians[..] {
                [.., before, last] => last / before,
                _ => 1.0,
            };
            println!(
                "| {title} | {figure} | {} | {ratio:.1} |",
                cells.join(" | ")
            );
        }
    }
    Ok(())
}

/// Runs the command in a project.
fn measure(xtask: &Path, project: &Path, arguments: &[&str]) -> Result<Took> {
    let mut command = Command::new(xtask);
    command.arg("--root").arg(project).args(arguments);
    let (cpu, start) = (children()?, Instant::now());
    let output = command.output().context("xtask can't be run")?;
    let wall = start.elapsed().as_secs_f64();
    let cpu = children()? - cpu;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{arguments:?}: {said}");
    Ok(Took { wall, cpu })
}

/// CPU seconds of all processes that this one started and waited for, and of theirs.
fn children() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat").context("this is measured on Linux only")?;
    // The name of the process is in brackets and may have blanks; the times of children are the 14th and 15th field behind it.
    let behind = stat.rsplit(')').next().unwrap_or_default();
    let ticks = behind.split_whitespace().skip(13).take(2);
    let ticks: Result<Vec<f64>, _> = ticks.map(str::parse).collect();
    Ok(ticks?.iter().sum::<f64>() / TICKS)
}

fn commit(project: &Path) -> Result<()> {
    git(project, &["add", "--all"])?;
    git(project, &["commit", "--quiet", "--message", "Declarations"])
}

fn git(project: &Path, arguments: &[&str]) -> Result<()> {
    let output = Command::new("git")
        .arg("-C")
        .arg(project)
        .args(["-c", "user.name=bench", "-c", "user.email=bench@localhost"])
        .args(["-c", "commit.gpgsign=false", "-c", "core.hooksPath="])
        .args(arguments)
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .output()
        .context("git can't be run")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "git {arguments:?}: {said}");
    Ok(())
}

/// Copies a file, or a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        fs::copy(from, to).with_context(|| from.display().to_string())?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        copy(&entry.path(), &PathBuf::from(to).join(entry.file_name()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn declarations_that_were_added_to_are_right() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folder = tempfile::tempdir().unwrap();
        for name in DECLARED {
            copy(&root.join(name), &folder.path().join(name)).unwrap();
        }
        let count = || {
            let (model, _) = event_grpc_codegen::load(folder.path());
            let model = model.map_err(|m| format!("{m:?}")).unwrap();
            (model.envelope.unwrap().types.len(), model.tables.len())
        };
        let (types, tables) = count();
        many::add(folder.path(), 25, 4).unwrap();
        assert_eq!(count(), (types + 25, tables + 4));
        many::add_one(folder.path()).unwrap();
        assert_eq!(count(), (types + 26, tables + 5));
    }
}
