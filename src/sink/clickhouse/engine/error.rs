//! Errors of the embedded engine, and what to do about them.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A failure to find, fetch or run the embedded engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The configured path isn't an engine.
    #[error(
        "the configured ClickHouse engine `{path}` {problem}; it should be a `clickhouse` binary or a `libchdb.so`"
    )]
    Configured {
        /// Configured path.
        path: PathBuf,
        /// Problem, as the end of a sentence.
        problem: &'static str,
    },

    /// No engine was found, and it couldn't be fetched.
    #[error(
        "no ClickHouse engine was found, and it can't be fetched: {cause}\n\
         Any one of these helps:\n  \
         1. `--engine-path PATH` (or EVENT_GRPC_ENGINE_PATH), with a `clickhouse` binary or a `libchdb.so`\n  \
         2. a `clickhouse` binary on PATH\n  \
         3. the library in the user cache, as `{}`\n  \
         4. npm on PATH with a registry in reach, so that `npm pack {package}` works",
        cache.display()
    )]
    Missing {
        /// Path of the library in the cache.
        cache: PathBuf,
        /// Package of the engine, with its version.
        package: String,
        /// Error of the fetch.
        cause: FetchError,
    },

    /// The fetched library isn't the one that this build expects.
    #[error(
        "the ClickHouse engine in the package `{package}` has the SHA-256 checksum {found}, but {expected} was expected; \
         it was deleted. A registry that alters packages, or was tampered with, can cause this"
    )]
    Checksum {
        /// Package of the engine, with its version.
        package: String,
        /// Expected checksum.
        expected: &'static str,
        /// Checksum of the fetched library.
        found: String,
    },

    /// Another server uses the same data.
    #[error(
        "the data directory `{}` is in use by another event-grpc; stop that one, or choose another directory",
        directory.display()
    )]
    InUse {
        /// The directory.
        directory: PathBuf,
    },

    /// No port to listen on.
    #[error("the ClickHouse engine can't listen on port {port} of 127.0.0.1: {source}")]
    Port {
        /// The wanted port, or 0 for any.
        port: u16,
        /// Cause.
        source: io::Error,
    },

    /// A file or directory of the engine can't be created or opened.
    #[error("can't {action} `{}`: {source}", path.display())]
    Io {
        /// Attempted action, as a verb.
        action: &'static str,
        /// Path.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },

    /// The engine ended before it answered.
    #[error("the ClickHouse engine `{}` ended at its start ({status}); the end of its log `{}`:\n{tail}", engine.display(), log.display())]
    Ended {
        /// The engine.
        engine: PathBuf,
        /// Exit status.
        status: String,
        /// Its log file.
        log: PathBuf,
        /// Last lines of the log.
        tail: String,
    },

    /// The engine runs but doesn't answer.
    #[error("the ClickHouse engine `{}` didn't answer within {} s; the end of its log `{}`:\n{tail}", engine.display(), waited.as_secs(), log.display())]
    NotReady {
        /// The engine.
        engine: PathBuf,
        /// Time that it was given.
        waited: Duration,
        /// Its log file.
        log: PathBuf,
        /// Last lines of the log.
        tail: String,
    },
}

/// Reason why the engine couldn't be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No checksum is known for this platform.
    #[error("this build knows no engine package for {os} on {arch}")]
    Platform {
        /// The operating system.
        os: &'static str,
        /// The processor architecture.
        arch: &'static str,
    },
    /// There is no cache directory.
    #[error("there is no user cache directory, because neither XDG_CACHE_HOME nor HOME is set")]
    NoCache,
    /// npm is missing.
    #[error("npm isn't on PATH")]
    NoNpm,
    /// npm failed.
    #[error("`npm pack` failed ({status}): {output}")]
    Npm {
        /// Exit status of npm.
        status: String,
        /// End of its output.
        output: String,
    },
    /// It took too long.
    #[error("it took longer than {} minutes", .0.as_secs() / 60)]
    Timeout(Duration),
    /// The package lacks the library.
    #[error("the package holds no file `{0}`")]
    NotInPackage(&'static str),
    /// Reading or writing failed.
    #[error("can't {action} `{}`: {source}", path.display())]
    Io {
        /// Attempted action, as a verb.
        action: &'static str,
        /// Path.
        path: PathBuf,
        /// Cause.
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
