//! A copy of this tree with other declarations, and its build, which shares third-party artefacts with this one's.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::build::MEASURED;

/// What is written by the generator or changed before it runs.
const DECLARED: [&str; 4] = ["pipeline.yaml", "proto", "migrations", "generated"];

/// What no copy needs.
const LEFT: [&str; 3] = ["target", ".git", "data"];

/// Beginnings of the names of this workspace's own artefacts.
const OURS: [&str; 10] = [
    "event-grpc",
    "event_grpc",
    "libevent_grpc",
    "loadgen",
    "libloadgen",
    "xtask",
    "libxtask",
    "it-",
    "codegen",
    "functions-",
];

/// Builds these executables of a tree that is as this one, but for what is declared and generated in `declared`. `tree` is
/// where the copy is, and its build is beside it: trees beside each other share one, and an executable is replaced by the next
/// tree's. `built` is the folder of this tree's own executables, named after the profile. Returns the same folder of the copy.
pub(crate) fn build(
    root: &Path,
    tree: &Path,
    declared: &Path,
    built: &Path,
    executables: &[&str],
) -> Result<PathBuf> {
    let profile = built.file_name().context("there is no folder")?;
    let mut wanted = BTreeSet::new();
    for path in files(root, Path::new(""))? {
        if !DECLARED.iter().any(|name| path.starts_with(name)) {
            put(&root.join(&path), &tree.join(&path))?;
            wanted.insert(path);
        }
    }
    for path in files(declared, Path::new(""))? {
        put(&declared.join(&path), &tree.join(&path))?;
        wanted.insert(path);
    }
    for path in files(tree, Path::new(""))? {
        if !wanted.contains(&path) {
            fs::remove_file(tree.join(&path))?;
        }
    }
    let target = tree.with_file_name("target");
    for folder in [".fingerprint", "build", "deps"] {
        share(&built.join(folder), &target.join(profile).join(folder))?;
    }
    eprintln!("building {}", tree.display());
    let mut build = crate::cargo();
    build.current_dir(tree).arg("build").arg("--quiet");
    build.arg("--workspace");
    for name in executables {
        build.args(["--bin", name]);
    }
    // As in `build.rs`: these choose the features with which the artefacts that are shared were built.
    if profile == "release" {
        build.arg("--release").env(MEASURED.0, MEASURED.1);
    } else {
        build.arg("--examples");
    }
    build.arg("--target-dir").arg(&target);
    if !build.status().context("cannot run cargo")?.success() {
        bail!(
            "the changed tree doesn't build; it is in {}",
            tree.display()
        );
    }
    Ok(target.join(profile))
}

/// Copies what is declared and generated.
pub(crate) fn declared(root: &Path, to: &Path) -> Result<()> {
    for path in files(root, Path::new(""))? {
        if DECLARED.iter().any(|name| path.starts_with(name)) {
            put(&root.join(&path), &to.join(&path))?;
        }
    }
    Ok(())
}

/// Paths of all files below a folder.
fn files(root: &Path, below: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let folder = root.join(below);
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        let left = LEFT.iter().any(|name| entry.file_name() == *name);
        match entry.file_type()? {
            kind if kind.is_dir() && !left => found.extend(files(root, &path)?),
            kind if kind.is_file() => found.push(path),
            _ => {}
        }
    }
    Ok(found)
}

/// Copies a file, unless it is there with the same content: what isn't changed isn't built again.
fn put(from: &Path, to: &Path) -> Result<()> {
    let content = fs::read(from).with_context(|| from.display().to_string())?;
    if fs::read(to).is_ok_and(|there| there == content) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(to, content).with_context(|| to.display().to_string())
}

/// Links the artefacts of other people's packages, which cargo doesn't write again.
fn share(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if OURS.iter().any(|ours| name.starts_with(ours)) {
            continue;
        }
        let (from, to) = (entry.path(), to.join(&name));
        match entry.file_type()?.is_dir() {
            true => share(&from, &to)?,
            false => link(&from, &to)?,
        }
    }
    Ok(())
}

fn link(from: &Path, to: &Path) -> Result<()> {
    if let Ok(there) = fs::metadata(to) {
        let is = fs::metadata(from)?;
        if (there.dev(), there.ino()) == (is.dev(), is.ino()) {
            return Ok(());
        }
        fs::remove_file(to)?;
    }
    fs::hard_link(from, to).with_context(|| format!("cannot link {}", from.display()))
}
