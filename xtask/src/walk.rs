//! `cargo xtask walk`: a release with a change of each kind that can hurt. What the plan says of each is compared with what
//! happens on real servers, where both builds run side by side.

mod changes;
mod messages;
mod release;
mod rounds;
mod rows;
mod scale;
mod senders;
mod stage;
mod topology;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};

use crate::build::{self, Executables};
use crate::{services, tree};
use changes::Change;
use stage::{Builds, Servers, Stage};

/// Make a release with a change of each kind that can hurt somebody, and compare what the plan says of each with what
/// happens: when it is forced, and when the plan's order is followed. Then upgrade and roll back under a load, and grow past
/// one machine under one: `shards`, `partitions`, `kafka`.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Only these kinds, and of what is done under a load only what is named: shards, partitions, kafka
    kinds: Vec<String>,
    /// Only ask the plan; nothing is built or started
    #[arg(long)]
    plan: bool,
    /// Only the upgrade under a load
    #[arg(long, conflicts_with = "kinds")]
    load: bool,
    /// Number of scenarios that run at once
    #[arg(long, default_value_t = 2)]
    jobs: usize,
}

/// Place of the changed tree and its build, from the project's root.
const PLACE: &str = "target/walk";

/// Executables of a tree.
const SERVER: [&str; 1] = ["event-grpc"];

/// What is done with a change, on servers of its own: what was seen.
type Scenario = fn(&Stage<'_>) -> Result<String>;

/// What shows the harm of a kind of change, and what shows that there is none in the order of the plan.
struct Kind {
    name: &'static str,
    forced: Scenario,
    in_order: Scenario,
}

/// All kinds.
fn kinds() -> impl Iterator<Item = &'static Kind> {
    senders::KINDS
        .iter()
        .chain(&topology::KINDS)
        .chain(&rows::KINDS)
}

/// Runs it; fails if the plan is wrong about anything.
pub(crate) fn run(root: &Path, args: &Args) -> Result<ExitCode> {
    let interrupt = services::interrupts()?;
    services::install::missing_packages(&["rabbitmq"])?;
    walk(root, args, &interrupt)?;
    Ok(ExitCode::SUCCESS)
}

/// Run at the end of `cargo xtask test --full`.
pub(crate) fn after_tests(root: &Path, interrupt: &Receiver<()>) -> Result<()> {
    let args = Args {
        jobs: 2,
        ..Args::default()
    };
    walk(root, &args, interrupt)
}

fn walk(root: &Path, args: &Args, interrupt: &Receiver<()>) -> Result<()> {
    let all = changes::read(root, changes::RELEASE)?;
    let growth = changes::read(root, changes::SCALE)?;
    for name in &args.kinds {
        ensure!(
            all.iter().chain(&growth).any(|change| change.kind == *name),
            "there is no kind {name}"
        );
    }
    let asked = |change: &&Change| args.kinds.is_empty() || args.kinds.contains(&change.kind);
    let changes: Vec<&Change> = all.iter().filter(asked).collect();
    let growth: Vec<&Change> = growth.iter().filter(asked).collect();
    let mut wrong = Vec::new();
    for change in changes.iter().chain(&growth) {
        match changes::predict(root, change) {
            Ok(()) => println!("{:<11} predicted: {}", change.kind, change.what),
            Err(error) => {
                println!("{:<11} NOT predicted: {error:#}", change.kind);
                wrong.push(format!("{}, plan: {error:#}", change.kind));
            }
        }
    }
    let folder = tempfile::Builder::new()
        .prefix("event-grpc-walk-")
        .tempdir()?;
    if !changes.is_empty() {
        let declared = tempfile::tempdir()?;
        changes::release(root, &all, declared.path())?;
        if args.plan {
            return right(&wrong, changes.len() + growth.len());
        }
        let builds = builds(root, "tree", declared.path(), folder.path())?;
        if !args.load {
            wrong.extend(scenarios(
                &changes,
                &builds,
                folder.path(),
                args.jobs,
                interrupt,
            )?);
        }
        if args.kinds.is_empty() {
            release::run(&builds, folder.path(), interrupt)?;
        }
    }
    if !args.plan && !args.load {
        for change in &growth {
            scale::run(root, change, folder.path(), interrupt)?;
        }
    }
    right(&wrong, changes.len() + growth.len())
}

/// Fails if the plan was wrong about anything.
fn right(wrong: &[String], changes: usize) -> Result<()> {
    if !wrong.is_empty() {
        bail!("the plan is wrong:\n{}", wrong.join("\n"));
    }
    println!("The plan is right about {changes} kinds of changes.");
    Ok(())
}

/// The server of a tree that is as this one but for a change past one machine, in a folder where no other build replaces it.
pub(crate) fn grown(
    root: &Path,
    change: &str,
    built: &Executables,
    folder: &Path,
) -> Result<PathBuf> {
    let all = changes::read(root, changes::SCALE)?;
    let change = all.iter().find(|known| known.kind == change);
    let change = change.context("there is no such change")?;
    let declared = tempfile::tempdir()?;
    changes::release(root, std::slice::from_ref(change), declared.path())?;
    let artefacts = built.server.parent().context("the executable is nowhere")?;
    let tree = root.join(PLACE).join(&change.kind);
    let new = tree::build(root, &tree, declared.path(), artefacts, &SERVER)?.join("event-grpc");
    let kept = folder.join(format!("event-grpc-{}", change.kind));
    fs::copy(new, &kept)?;
    Ok(kept)
}

/// Builds this tree and one of this name with other declarations, and puts both where no other build replaces them.
fn builds(root: &Path, name: &str, declared: &Path, folder: &Path) -> Result<Builds> {
    let built = build::all(&[])?;
    let debug = built.server.parent().context("the executable is nowhere")?;
    let new = tree::build(root, &root.join(PLACE).join(name), declared, debug, &SERVER)?;
    let new = new.join("event-grpc");
    let folder = folder.join(format!("{name}-builds"));
    fs::create_dir_all(&folder)?;
    let keep = |from: &Path, name: &str| {
        let to = folder.join(name);
        fs::copy(from, &to).map(|_| to)
    };
    Ok(Builds {
        old: keep(&built.server, "event-grpc-old")?,
        new: keep(&new, "event-grpc-new")?,
        loadgen: keep(&built.loadgen, "loadgen")?,
    })
}

/// Runs the scenarios of these changes, a few at once; what went otherwise than it should.
fn scenarios(
    changes: &[&Change],
    builds: &Builds,
    folder: &Path,
    jobs: usize,
    interrupt: &Receiver<()>,
) -> Result<Vec<String>> {
    let mut left = Vec::new();
    for change in changes {
        let kind = kinds().find(|kind| kind.name == change.kind);
        left.push(kind.with_context(|| format!("nothing shows {}", change.kind))?);
    }
    let servers = Servers::start(builds, folder)?;
    let (left, wrong) = (Mutex::new(left.into_iter()), Mutex::new(Vec::new()));
    let next = || left.lock().ok().and_then(|mut left| left.next());
    let work = || {
        while let Some(kind) = next() {
            for (when, scenario) in [("forced", kind.forced), ("in order", kind.in_order)] {
                let begun = Instant::now();
                let name = format!("{}_{}", kind.name, when.replace(' ', "_"));
                let seen = Stage::begin(&servers, builds, &name).and_then(|stage| scenario(&stage));
                let took = begun.elapsed().as_secs_f64();
                match seen {
                    Ok(seen) => println!("{:<11} {when:<9} {seen} ({took:.1} s)", kind.name),
                    Err(error) => {
                        println!("{:<11} {when:<9} WRONG: {error:#}", kind.name);
                        if let Ok(mut wrong) = wrong.lock() {
                            wrong.push(format!("{}, {when}: {error:#}", kind.name));
                        }
                    }
                }
            }
        }
    };
    thread::scope(|scope| -> Result<()> {
        let running: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(work)).collect();
        while running.iter().any(|thread| !thread.is_finished()) {
            if interrupt.try_recv() != Err(TryRecvError::Empty) {
                if let Ok(mut left) = left.lock() {
                    left.by_ref().for_each(drop);
                }
                bail!("interrupted");
            }
            thread::sleep(std::time::Duration::from_millis(100));
        }
        Ok(())
    })?;
    Ok(wrong.into_inner().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;

    /// What happens then is shown by `cargo xtask walk`.
    #[test]
    fn the_plan_predicts_the_harm_of_each_kind_and_each_has_a_scenario() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let changes = changes::read(&root, changes::RELEASE).unwrap();
        let names: Vec<&str> = changes.iter().map(|change| change.kind.as_str()).collect();
        assert!(names.len() >= 10);
        assert!(kinds().all(|kind| names.contains(&kind.name)));
        for change in &changes {
            assert!(
                kinds().any(|kind| kind.name == change.kind),
                "{}",
                change.kind
            );
            changes::predict(&root, change).unwrap();
        }
    }
}
