//! Provisioning of the engine: a configured path, PATH, the user cache, or npm, in this order.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::error::{EngineError, FetchError};
use super::fetch;
use super::release::{self, LIBRARY, Release, VERSION};

/// Engine that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// The engine as a C library.
    Library(PathBuf),
    /// The engine as a `clickhouse` binary.
    Binary(PathBuf),
}

/// Places where an engine is looked for.
#[derive(Debug, Clone)]
pub struct Places {
    /// Configured path: a `clickhouse` binary or a library.
    pub configured: Option<PathBuf>,
    /// Program directories, from the PATH variable.
    pub path: Option<OsString>,
    /// Directory in the user cache, with a directory for each version of the engine.
    pub cache: Option<PathBuf>,
}

impl Program {
    /// File of the engine.
    pub fn file(&self) -> &Path {
        match self {
            Self::Library(file) | Self::Binary(file) => file,
        }
    }
}

impl Places {
    /// Places of the user who runs this process.
    pub fn of_this_user(configured: Option<PathBuf>) -> Self {
        let cache = user_cache(env::var_os("XDG_CACHE_HOME"), env::var_os("HOME"));
        Self {
            configured,
            path: env::var_os("PATH"),
            cache,
        }
    }
}

/// Finds the engine, or fetches it into the user cache.
pub async fn provide(places: &Places, quiet: bool) -> Result<Program, EngineError> {
    provide_release(places, release::of_this_machine(), quiet).await
}

async fn provide_release(
    places: &Places,
    release: Option<Release>,
    quiet: bool,
) -> Result<Program, EngineError> {
    if let Some(found) = find(places)? {
        return Ok(found);
    }
    let missing = |cause| EngineError::Missing {
        cache: cached_library(
            places
                .cache
                .as_deref()
                .unwrap_or(Path::new("~/.cache/event-grpc/engine")),
        ),
        package: release.map_or_else(
            || format!("PACKAGE@{VERSION}"),
            |release| release.specifier(),
        ),
        cause,
    };
    let Some(release) = release else {
        return Err(missing(FetchError::Platform {
            os: env::consts::OS,
            arch: env::consts::ARCH,
        }));
    };
    let Some(cache) = &places.cache else {
        return Err(missing(FetchError::NoCache));
    };
    let Some(npm) = find_executable("npm", places.path.as_deref()) else {
        return Err(missing(FetchError::NoNpm));
    };
    match fetch::fetch(&release, &npm, &cached_library(cache), quiet).await {
        Ok(fetch::Fetched::Library(library)) => Ok(Program::Library(library)),
        Ok(fetch::Fetched::Refused { checksum }) => Err(EngineError::Checksum {
            package: release.specifier(),
            expected: release.sha256,
            found: checksum,
        }),
        Err(cause) => Err(missing(cause)),
    }
}

/// Finds the engine on this machine.
fn find(places: &Places) -> Result<Option<Program>, EngineError> {
    if let Some(path) = &places.configured {
        return configured(path).map(Some);
    }
    if let Some(binary) = find_executable("clickhouse", places.path.as_deref()) {
        return Ok(Some(Program::Binary(binary)));
    }
    // A library is only ever renamed into its place when it is whole and verified.
    let cached = places.cache.as_deref().map(cached_library);
    Ok(cached
        .filter(|library| library.is_file())
        .map(Program::Library))
}

/// Checks a configured path: a problem with it is an error, never a reason to look elsewhere.
fn configured(path: &Path) -> Result<Program, EngineError> {
    let problem = |problem| EngineError::Configured {
        path: path.to_owned(),
        problem,
    };
    let path = std::path::absolute(path).map_err(|_| problem("isn't a path"))?;
    if !path.exists() {
        return Err(problem("doesn't exist"));
    }
    if !path.is_file() {
        return Err(problem("isn't a file"));
    }
    if is_library(&path) {
        Ok(Program::Library(path))
    } else if is_executable(&path) {
        Ok(Program::Binary(path))
    } else {
        Err(problem("is neither a library nor executable"))
    }
}

fn is_library(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".so") || name.contains(".so.") || name.ends_with(".dylib")
}

fn is_executable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// Finds a program in the directories of a PATH value.
fn find_executable(name: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    // A relative entry of PATH would be another directory for the child, which has its own.
    env::split_paths(path?)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(name))
        .find(|file| is_executable(file))
}

fn cached_library(cache: &Path) -> PathBuf {
    cache.join(VERSION).join(LIBRARY)
}

/// Engine directory in the user cache. The XDG standard says to ignore a relative XDG_CACHE_HOME.
fn user_cache(xdg: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |value: OsString| Some(PathBuf::from(value)).filter(|path| path.is_absolute());
    let base = xdg
        .and_then(absolute)
        .or_else(|| Some(home.and_then(absolute)?.join(".cache")))?;
    Some(base.join("event-grpc").join("engine"))
}

#[cfg(test)]
mod tests;
