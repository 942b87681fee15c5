//! Reasons why it can't be told what is released.

use std::io;

use super::lock::{BadLock, LOCK};

/// The name of a base with which nothing is released.
pub(super) const NOTHING: &str = "none";

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
    /// The lock on disk isn't one.
    #[error("{0}; restore it: git checkout HEAD -- {LOCK}, or from a backup")]
    Lock(#[from] BadLock),
    /// What is released can't be told.
    #[error("{what} in {told}. {help}")]
    Unknown {
        /// What is wrong, as a clause.
        what: String,
        /// The commit, or where the file is.
        told: String,
        /// What to do.
        help: String,
    },
    /// A base was named that is no commit.
    #[error(
        "--base {0}: there is no such commit here; fetch it, or write `--base {nothing}` if nothing is released yet",
        nothing = NOTHING
    )]
    NoCommit(String),
    /// A base was named where there is no repository.
    #[error(
        "--base {0}: this is no git repository, or git isn't installed; without --base, {LOCK} on disk counts"
    )]
    NoGit(String),
}
