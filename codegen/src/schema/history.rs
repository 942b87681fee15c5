//! Committed migrations and lock: from git if the project is a checkout, else from the lock file.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::process::Command;

use super::lock::{BadLock, LOCK, Lock};
use crate::store::KINDS;
use crate::store::home::{folder, has_folders, name_of};

/// The migrations so far.
#[derive(Debug, Default)]
pub struct History {
    /// The lock at the last commit.
    pub base: Lock,
    /// Names of the migrations in the last commit; see [`name_of`].
    pub committed: BTreeSet<String>,
    /// Migrations on disk: name and SQL.
    pub files: BTreeMap<String, String>,
}

/// Reason why the history can't be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// A file can't be read.
    #[error("{path}: {source}")]
    Read {
        /// The file, from the project's root.
        path: String,
        /// Cause.
        source: io::Error,
    },
    /// The lock isn't one.
    #[error(transparent)]
    Lock(#[from] BadLock),
    /// git knows the file and doesn't show it.
    #[error("git can't show {path} at HEAD: {reason}")]
    Git {
        /// The file, from the project's root.
        path: String,
        /// Output of git.
        reason: String,
    },
}

impl History {
    /// Reads it.
    pub fn read(root: &Path) -> Result<Self, HistoryError> {
        let files = sql_files(root)?;
        if let Some(listed) = listed_at_head(root) {
            let base = match listed.contains(LOCK) {
                true => Lock::parse(&show(root, LOCK)?)?,
                false => Lock::default(),
            };
            let committed = listed.iter().filter_map(|path| name_of(path)).collect();
            return Ok(History {
                base,
                committed,
                files,
            });
        }
        // Not a checkout: whatever the lock knows counts as committed.
        let base = match std::fs::read_to_string(root.join(LOCK)) {
            Ok(text) => Lock::parse(&text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Lock::default(),
            Err(source) => {
                return Err(HistoryError::Read {
                    path: LOCK.into(),
                    source,
                });
            }
        };
        let committed = base.migrations.keys().cloned().collect();
        Ok(History {
            base,
            committed,
            files,
        })
    }
}

/// Every migration on disk: those of each kind of store, and of each of its databases in a folder of its own.
fn sql_files(root: &Path) -> Result<BTreeMap<String, String>, HistoryError> {
    let mut files = BTreeMap::new();
    let mut folders: Vec<String> = KINDS.iter().map(|kind| folder(kind.name)).collect();
    while let Some(folder) = folders.pop() {
        let failed = |path: String| move |source| HistoryError::Read { path, source };
        let entries = match std::fs::read_dir(root.join(&folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(folder)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(failed(folder.clone()))?;
            let file = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{folder}/{file}");
            if has_folders(&folder) && entry.path().is_dir() {
                folders.push(path);
            } else if let Some(name) = name_of(&path)
                && file.ends_with(".sql")
                && !file.starts_with('.')
            {
                let text = std::fs::read_to_string(entry.path()).map_err(failed(path))?;
                files.insert(name, text);
            }
        }
    }
    Ok(files)
}

/// The migrations' files in the last commit; none where there is no checkout (or no git), empty before the
/// first commit.
fn listed_at_head(root: &Path) -> Option<BTreeSet<String>> {
    let inside = git(root, &["rev-parse", "--is-inside-work-tree"])?;
    if inside.trim() != "true" {
        return None;
    }
    if git(root, &["rev-parse", "--verify", "--quiet", "HEAD"]).is_none() {
        return Some(BTreeSet::new());
    }
    // Without --full-tree, paths are those below `root`.
    let listed = git(
        root,
        &[
            "ls-tree",
            "-r",
            "-z",
            "--name-only",
            "HEAD",
            "--",
            "migrations",
        ],
    )?;
    Some(
        listed
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(str::to_owned)
            .collect(),
    )
}

fn show(root: &Path, path: &str) -> Result<String, HistoryError> {
    let object = format!("HEAD:./{path}");
    git(root, &["show", &object]).ok_or_else(|| HistoryError::Git {
        path: path.to_owned(),
        reason: "`git show` failed".to_owned(),
    })
}

/// Output of git; none if it fails or isn't installed.
pub(super) fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(arguments)
        // A hook's environment names the repository that it runs for, which needn't be this one.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .env_remove("GIT_PREFIX")
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
