//! The files of a run: made in memory, then compared or written, all or nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use similar::TextDiff;

/// The folder that holds generated files and nothing else.
pub const GENERATED: &str = "generated";

/// Files by path from the project's root.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tree {
    files: BTreeMap<PathBuf, Vec<u8>>,
    removed: BTreeSet<PathBuf>,
    notes: Vec<String>,
}

/// A file that can't be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct TreeError {
    /// The file.
    pub path: PathBuf,
    /// Cause.
    pub source: io::Error,
}

impl Tree {
    /// Adds a file.
    pub fn add(&mut self, path: impl Into<PathBuf>, contents: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), contents.into());
    }

    /// A file outside `generated/` that must not be there any more.
    pub fn remove(&mut self, path: impl Into<PathBuf>) {
        self.removed.insert(path.into());
    }

    /// Adds a note for the author of the change, beside the files.
    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// All of these.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// A file of the tree.
    pub fn get(&self, path: impl AsRef<Path>) -> Option<&[u8]> {
        self.files.get(path.as_ref()).map(Vec::as_slice)
    }

    /// All files.
    pub fn files(&self) -> impl Iterator<Item = (&Path, &[u8])> {
        self.files.iter().map(|(p, c)| (p.as_path(), c.as_slice()))
    }

    /// Changes as a unified diff; none if there are none. Writes nothing.
    pub fn check(&self, root: &Path) -> Result<Option<String>, TreeError> {
        let mut diff = String::new();
        for (path, contents) in &self.files {
            let present = read(root, path)?;
            if present.as_ref() != Some(contents) {
                diff.push_str(&compare(path, present.as_deref(), Some(contents)));
            }
        }
        for path in self.leftovers(root)? {
            let present = read(root, &path)?;
            diff.push_str(&compare(&path, present.as_deref(), None));
        }
        Ok((!diff.is_empty()).then_some(diff))
    }

    /// Writes what differs and removes what is left over; says which files changed. Every file is on the disk
    /// under another name before the first one takes its place.
    pub fn write(&self, root: &Path) -> Result<Vec<PathBuf>, TreeError> {
        let mut staged = Vec::new();
        let result = self.stage(root, &mut staged);
        if let Err(error) = result {
            for (temporary, _) in &staged {
                // The first error is the one to tell about.
                std::fs::remove_file(root.join(temporary)).ok();
            }
            return Err(error);
        }
        let mut changed = Vec::new();
        for (temporary, path) in staged {
            std::fs::rename(root.join(&temporary), root.join(&path)).map_err(at(&path))?;
            changed.push(path);
        }
        for path in self.leftovers(root)? {
            std::fs::remove_file(root.join(&path)).map_err(at(&path))?;
            changed.push(path);
        }
        remove_empty_folders(&root.join(GENERATED));
        Ok(changed)
    }

    fn stage(&self, root: &Path, staged: &mut Vec<(PathBuf, PathBuf)>) -> Result<(), TreeError> {
        for (path, contents) in &self.files {
            if read(root, path)?.as_ref() == Some(contents) {
                continue;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let temporary = path.with_file_name(format!(".{name}.new"));
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(root.join(folder)).map_err(at(folder))?;
            }
            staged.push((temporary.clone(), path.clone()));
            std::fs::write(root.join(&temporary), contents).map_err(at(&temporary))?;
        }
        Ok(())
    }

    /// Files that are there and shouldn't be.
    fn leftovers(&self, root: &Path) -> Result<BTreeSet<PathBuf>, TreeError> {
        let mut found = BTreeSet::new();
        list(root, Path::new(GENERATED), &mut found)?;
        found.retain(|path| !self.files.contains_key(path));
        let removed = self.removed.iter().filter(|path| root.join(path).exists());
        found.extend(removed.cloned());
        Ok(found)
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> TreeError {
    let path = path.to_owned();
    move |source| TreeError { path, source }
}

fn read(root: &Path, path: &Path) -> Result<Option<Vec<u8>>, TreeError> {
    match std::fs::read(root.join(path)) {
        Ok(contents) => Ok(Some(contents)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(path)(error)),
    }
}

/// Lists the files below a folder, hidden ones too.
fn list(root: &Path, folder: &Path, found: &mut BTreeSet<PathBuf>) -> Result<(), TreeError> {
    let entries = match std::fs::read_dir(root.join(folder)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(at(folder)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(at(folder))?;
        let path = folder.join(entry.file_name());
        if entry.file_type().map_err(at(&path))?.is_dir() {
            list(root, &path, found)?;
        } else {
            found.insert(path);
        }
    }
    Ok(())
}

/// A folder that isn't empty can't be removed, which is what is wanted.
fn remove_empty_folders(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|ty| ty.is_dir()) {
            remove_empty_folders(&entry.path());
            std::fs::remove_dir(entry.path()).ok();
        }
    }
}

/// One file's difference.
fn compare(path: &Path, present: Option<&[u8]>, wanted: Option<&[u8]>) -> String {
    let shown = path.display();
    let text = |bytes: Option<&[u8]>| match bytes {
        None => Some(String::new()),
        Some(bytes) => std::str::from_utf8(bytes).ok().map(str::to_owned),
    };
    let name = |side: &str, there: bool| match there {
        true => format!("{side}/{shown}"),
        false => "/dev/null".to_owned(),
    };
    match (text(present), text(wanted)) {
        (Some(old), Some(new)) => {
            let (a, b) = (name("a", present.is_some()), name("b", wanted.is_some()));
            let diff = TextDiff::from_lines(&old, &new)
                .unified_diff()
                .header(&a, &b)
                .to_string();
            // An empty file differs from none, though there is no line to show.
            if diff.is_empty() {
                format!("--- {a}\n+++ {b}\n")
            } else {
                diff
            }
        }
        _ => format!("Binary files a/{shown} and b/{shown} differ\n"),
    }
}
