//! Copies of libraries in which the version is set and what every package has is added.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// What every package has beside its own files: name, and path from the project's root.
const COMMON: [(&str, &str); 3] = [
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("CHANGELOG.md", "clients/CHANGELOG.md"),
];

/// Copies the files of a folder that git has or doesn't ignore, in place of what is there.
pub(super) fn folder(root: &Path, from: &Path, to: &Path) -> Result<()> {
    emptied(to)?;
    let listed = Command::new("git")
        .current_dir(from)
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .output()
        .context("cannot run git")?;
    if !listed.status.success() {
        bail!(
            "{}: {}",
            from.display(),
            String::from_utf8_lossy(&listed.stderr).trim()
        );
    }
    for path in String::from_utf8(listed.stdout)?.split_terminator('\0') {
        let (original, copy) = (from.join(path), to.join(path));
        // A file that was deleted and not committed is listed, and isn't there.
        if original.is_file() {
            fs::create_dir_all(copy.parent().unwrap_or(to))?;
            fs::copy(&original, &copy).with_context(|| original.display().to_string())?;
        }
    }
    common(root, to)
}

/// Makes a folder, in place of what is there.
pub(super) fn emptied(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(fs::create_dir_all(folder)?)
}

/// Adds the licences and the changelog to a folder.
pub(super) fn common(root: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for (name, path) in COMMON {
        let original = root.join(path);
        fs::copy(&original, folder.join(name)).with_context(|| original.display().to_string())?;
    }
    Ok(())
}

/// Replaces the first occurrence of what is between `start` and `end` in a file, and says what it was.
pub(super) fn set(file: &Path, start: &str, end: &str, value: &str) -> Result<String> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let found = text.split_once(start);
    let found = found.and_then(|(before, rest)| Some((before, rest.split_once(end)?)));
    let Some((before, (old, after))) = found else {
        bail!("{} has no `{start}…{end}`", file.display());
    };
    fs::write(file, format!("{before}{start}{value}{end}{after}"))?;
    Ok(old.to_owned())
}

/// Replaces all occurrences of a text in a file; there has to be one.
pub(super) fn replace(file: &Path, from: &str, to: &str) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    if !text.contains(from) {
        bail!("{} has no `{from}`", file.display());
    }
    Ok(fs::write(file, text.replace(from, to))?)
}

/// The files of a folder whose names end like this, sorted.
pub(super) fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| entry.map(|e| e.path())).collect();
    let mut found = paths?;
    found.retain(|path| path.to_string_lossy().ends_with(ending));
    found.sort();
    match found.is_empty() {
        true => bail!("there is no file *{ending} in {}", folder.display()),
        false => Ok(found),
    }
}
