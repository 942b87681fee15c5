//! What is committed already: from git where the project is a checkout, else from the lock file.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::process::Command;

use super::{FOLDER, LOCK, POSTGRES, POSTGRES_FOLDER};
use crate::lock::{BadLock, Lock};

/// The migrations so far.
#[derive(Debug, Default)]
pub struct History {
    /// The lock at the last commit.
    pub base: Lock,
    /// Names of the migrations in the last commit.
    pub committed: BTreeSet<String>,
    /// Every migration on disk: name and SQL.
    pub files: BTreeMap<String, String>,
}

/// Why the history can't be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// A file can't be read.
    #[error("{path}: {source}")]
    Read {
        /// The file, from the project's root.
        path: String,
        /// Why.
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
        /// What git said.
        reason: String,
    },
}

impl History {
    /// Reads it.
    pub fn read(root: &Path) -> Result<Self, HistoryError> {
        let mut files = sql_files(root, FOLDER, "")?;
        files.extend(sql_files(root, POSTGRES_FOLDER, POSTGRES)?);
        if let Some(listed) = listed_at_head(root) {
            let base = match listed.contains(LOCK) {
                true => Lock::parse(&show(root, LOCK)?)?,
                false => Lock::default(),
            };
            let named = |path: &String| {
                if let Some(name) = path.strip_prefix(POSTGRES_FOLDER) {
                    return Some(format!("{POSTGRES}{}", name.trim_start_matches('/')));
                }
                let name = path.strip_prefix(FOLDER)?.strip_prefix('/')?;
                Some(name.to_owned())
            };
            let committed = listed.iter().filter_map(named).collect();
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

fn sql_files(
    root: &Path,
    folder: &str,
    prefix: &str,
) -> Result<BTreeMap<String, String>, HistoryError> {
    let failed = |path: String| move |source| HistoryError::Read { path, source };
    let entries = match std::fs::read_dir(root.join(folder)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(failed(folder.into())(error)),
    };
    let mut files = BTreeMap::new();
    for entry in entries {
        let entry = entry.map_err(failed(folder.into()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".sql") && !name.starts_with('.') {
            let text = std::fs::read_to_string(entry.path())
                .map_err(failed(format!("{folder}/{name}")))?;
            files.insert(format!("{prefix}{name}"), text);
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

/// What git prints; none if it fails or isn't there.
fn git(root: &Path, arguments: &[&str]) -> Option<String> {
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
