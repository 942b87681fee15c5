//! The files of a run: made in memory, then compared or written, all or nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use similar::TextDiff;

use super::parallel;

/// The folder that holds generated files and nothing else.
const GENERATED: &str = "generated";

/// Files by path from the project's root.
#[derive(Debug, PartialEq, Eq)]
pub struct Tree {
    files: BTreeMap<PathBuf, Vec<u8>>,
    /// Folders that hold generated files and nothing else.
    folders: Vec<PathBuf>,
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

impl Default for Tree {
    fn default() -> Self {
        Tree {
            files: BTreeMap::new(),
            folders: vec![GENERATED.into()],
            removed: BTreeSet::new(),
            notes: Vec::new(),
        }
    }
}

impl Tree {
    /// Takes a folder over: what is there and isn't added is removed.
    pub fn owns(&mut self, folder: impl Into<PathBuf>) {
        self.folders.push(folder.into());
    }

    /// Takes over all that another one has.
    pub fn join(&mut self, other: Tree) {
        self.files.extend(other.files);
        let more = other.folders.into_iter();
        let more = more.filter(|folder| folder != Path::new(GENERATED));
        self.folders.extend(more);
        self.removed.extend(other.removed);
        self.notes.extend(other.notes);
    }

    /// Adds a file.
    pub fn add(&mut self, path: impl Into<PathBuf>, contents: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), contents.into());
    }

    /// A file outside such folders that must not be there any more.
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
        for (path, contents, present) in self.differing(root)? {
            diff.push_str(&compare(path, present.as_deref(), Some(contents)));
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
        let differing = self.differing(root)?;
        let folders: BTreeSet<&Path> = differing.iter().filter_map(|d| d.0.parent()).collect();
        for folder in folders {
            std::fs::create_dir_all(root.join(folder)).map_err(at(folder))?;
        }
        let stage = |(path, contents, _): &(&Path, &[u8], _)| {
            let staged = temporary(path);
            std::fs::write(root.join(&staged), contents).map_err(at(&staged))
        };
        let staged: Result<Vec<()>, TreeError> =
            parallel::map(&differing, stage).into_iter().collect();
        if let Err(error) = staged {
            for (path, ..) in &differing {
                // The first error is the one to tell about.
                std::fs::remove_file(root.join(temporary(path))).ok();
            }
            return Err(error);
        }
        let mut changed = Vec::new();
        for (path, ..) in differing {
            std::fs::rename(root.join(temporary(path)), root.join(path)).map_err(at(path))?;
            changed.push(path.to_owned());
        }
        for path in self.leftovers(root)? {
            std::fs::remove_file(root.join(&path)).map_err(at(&path))?;
            changed.push(path);
        }
        for folder in &self.folders {
            remove_empty_folders(&root.join(folder));
            // It stays if there is something in it, which is what is wanted.
            std::fs::remove_dir(root.join(folder)).ok();
        }
        Ok(changed)
    }

    /// The files that aren't on the disk as they are here, and what is there.
    #[allow(clippy::type_complexity, reason = "a file, and what is in its place")]
    fn differing(&self, root: &Path) -> Result<Vec<(&Path, &[u8], Option<Vec<u8>>)>, TreeError> {
        let files: Vec<(&Path, &[u8])> = self.files().collect();
        let present = parallel::map(&files, |(path, _)| read(root, path));
        let mut differing = Vec::new();
        for ((path, contents), present) in files.into_iter().zip(present) {
            let present = present?;
            if present.as_deref() != Some(contents) {
                differing.push((path, contents, present));
            }
        }
        Ok(differing)
    }

    /// Files that are there and shouldn't be.
    fn leftovers(&self, root: &Path) -> Result<BTreeSet<PathBuf>, TreeError> {
        let mut found = BTreeSet::new();
        for folder in &self.folders {
            list(root, folder, &mut found)?;
        }
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

/// The path of a file until it takes its place.
fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
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
