//! What can go wrong with the embedded engine, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A failure to find, fetch or run the embedded engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The path that the user gave doesn't lead to an engine.
    #[error(
        "the configured ClickHouse engine `{path}` {problem}; it should be a `clickhouse` binary or a `libchdb.so`"
    )]
    Configured {
        /// The path as configured.
        path: PathBuf,
        /// What is wrong with it, as the end of a sentence.
        problem: &'static str,
    },

    /// No engine was there, and it couldn't be fetched.
    #[error(
        "there is no ClickHouse engine, and it can't be fetched: {cause}\n\
         Any one of these helps:\n  \
         1. `--engine-path PATH` (or EVENT_GRPC_ENGINE_PATH), with a `clickhouse` binary or a `libchdb.so`\n  \
         2. a `clickhouse` binary on PATH\n  \
         3. the library in the user cache, as `{}`\n  \
         4. npm on PATH with a registry in reach, so that `npm pack {package}` works",
        cache.display()
    )]
    Missing {
        /// Where the cache would hold the library.
        cache: PathBuf,
        /// The package that holds the engine, with its version.
        package: String,
        /// Why it couldn't be fetched.
        cause: FetchError,
    },

    /// What was fetched isn't what this build was made for.
    #[error(
        "the ClickHouse engine in the package `{package}` has the SHA-256 checksum {found}, but {expected} was expected; \
         it was thrown away. A registry that alters packages, or one that was tampered with, does this"
    )]
    Checksum {
        /// The package that holds the engine, with its version.
        package: String,
        /// The checksum that this build knows.
        expected: &'static str,
        /// The checksum of what arrived.
        found: String,
    },

    /// Another server works on the same data.
    #[error(
        "the data directory `{}` is in use by another event-grpc; stop that one, or choose another directory",
        directory.display()
    )]
    InUse {
        /// The directory.
        directory: PathBuf,
    },

    /// A file or directory of the engine can't be made or opened.
    #[error("can't {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The place.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },

    /// The engine ended before it answered.
    #[error("the ClickHouse engine `{}` ended at its start ({status}); the end of its log `{}`:\n{tail}", engine.display(), log.display())]
    Ended {
        /// The engine.
        engine: PathBuf,
        /// How it ended.
        status: String,
        /// Its log file.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },

    /// The engine runs but doesn't answer.
    #[error("the ClickHouse engine `{}` didn't answer within {} s; the end of its log `{}`:\n{tail}", engine.display(), waited.as_secs(), log.display())]
    NotReady {
        /// The engine.
        engine: PathBuf,
        /// How long it was given.
        waited: Duration,
        /// Its log file.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },
}

/// Why the engine couldn't be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No checksum is known for this kind of machine.
    #[error("this build knows no engine package for {os} on {arch}")]
    Platform {
        /// The operating system.
        os: &'static str,
        /// The processor architecture.
        arch: &'static str,
    },
    /// There is no place to keep it.
    #[error("there is no user cache directory, because neither XDG_CACHE_HOME nor HOME is set")]
    NoCache,
    /// There is no npm.
    #[error("npm isn't on PATH")]
    NoNpm,
    /// npm ran and failed.
    #[error("`npm pack` failed ({status}): {output}")]
    Npm {
        /// How npm ended.
        status: String,
        /// The end of what it wrote.
        output: String,
    },
    /// It took too long.
    #[error("it took longer than {} minutes", .0.as_secs() / 60)]
    Timeout(Duration),
    /// The package isn't built as expected.
    #[error("the package holds no file `{0}`")]
    NotInPackage(&'static str),
    /// Reading or writing failed.
    #[error("can't {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The place.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl EngineError {
    /// Names the action and the place of an IO error.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

impl FetchError {
    /// Names the action and the place of an IO error.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}
