//! What to do about a lock that doesn't tell any more what is released.

use std::collections::BTreeSet;
use std::path::Path;

use super::faults::{HistoryError, NOTHING};
use super::git::{git, show};
use super::lock::{BadLock, LOCK, Lock};
use crate::store::home::path;

/// Number of commits that are searched for a lock that is whole.
const SEARCHED: &str = "-n50";

/// Where the lock is.
pub(super) enum Restore<'a> {
    /// On disk, without a repository.
    OnDisk,
    /// In a commit.
    At {
        /// The project's root.
        root: &'a Path,
        /// The commit.
        commit: &'a str,
        /// The commit for people.
        told: &'a str,
        /// Names of its migrations.
        names: &'a BTreeSet<String>,
    },
}

impl Restore<'_> {
    /// There is no lock, and there was one.
    pub(super) fn missing(&self) -> HistoryError {
        self.error(format!("{LOCK}, which says what is released, is missing"))
    }

    /// There is a lock without a fact.
    pub(super) fn empty(&self) -> HistoryError {
        self.error(format!("{LOCK}, which says what is released, is empty"))
    }

    /// A migration is there that the lock doesn't know.
    pub(super) fn lacks(&self, name: &str) -> HistoryError {
        let file = path(name);
        self.error(format!(
            "{LOCK} lacks the line of {}, which is there",
            file.display()
        ))
    }

    /// There is a lock that can't be read.
    pub(super) fn broken(&self, bad: &BadLock) -> HistoryError {
        self.error(bad.to_string())
    }

    /// True if no commit up to this one had a lock.
    pub(super) fn never_was(&self) -> bool {
        self.commits().is_empty()
    }

    /// The commits that changed the lock, the last first.
    fn commits(&self) -> Vec<String> {
        let Restore::At { root, commit, .. } = self else {
            return Vec::new();
        };
        let lock = format!("./{LOCK}");
        let arguments = ["log", SEARCHED, "-m", "--format=%h", commit, "--", &lock];
        let log = git(root, &arguments).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    /// The last commit with a lock that is whole and knows all migrations.
    fn last_whole(&self) -> Option<String> {
        let Restore::At { root, names, .. } = self else {
            return None;
        };
        let is_whole = |commit: &String| {
            let lock = show(root, commit, LOCK).and_then(|text| Lock::parse(&text).ok());
            lock.is_some_and(|lock| {
                lock != Lock::default()
                    && names.iter().all(|name| lock.migrations.contains_key(name))
            })
        };
        self.commits().into_iter().find(is_whole)
    }

    fn error(&self, what: String) -> HistoryError {
        let anew = format!(
            "If it was deliberate: `cargo xtask codegen --base {NOTHING}` takes what is declared now as new"
        );
        let (told, restore) = match self {
            Restore::OnDisk => (
                "the project's folder".to_owned(),
                format!("Restore it: git checkout HEAD -- {LOCK}, or from a backup."),
            ),
            Restore::At { told, .. } => {
                let how = match self.last_whole() {
                    Some(commit) => format!(
                        "Restore it and commit that on the main branch: git checkout {commit} -- {LOCK}. Until then \
                         `cargo xtask codegen --base {commit}` compares with the last one that was whole."
                    ),
                    None => "Write it anew from the last commit that was whole, and commit that: cargo xtask codegen --base \
                             COMMIT; of a merge that is HEAD^1."
                        .to_owned(),
                };
                ((*told).to_owned(), how)
            }
        };
        HistoryError::Unknown {
            what,
            told,
            help: format!("{restore} {anew}"),
        }
    }
}
