//! Data directory of the embedded engine: made private, locked, and left to its owner.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::geteuid;

use super::error::EngineError;

/// Number of times that the lock is asked for.
const LOCK_TRIES: u32 = 4;

/// Interval between these.
const LOCK_PAUSE: Duration = Duration::from_millis(40);

/// Mode of a directory that its owner alone may use.
const PRIVATE: u32 = 0o700;

/// Data directory of an instance.
#[derive(Debug)]
pub(super) struct Place {
    directory: PathBuf,
    /// The engine's own directory in it.
    engine: PathBuf,
}

/// User and group that a process runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) user: u32,
    pub(super) group: u32,
}

impl Place {
    /// Creates what is missing of the directory, for this user alone.
    pub(super) fn prepare(directory: &Path) -> Result<Self, EngineError> {
        let directory = private_directory(directory)?;
        let engine = directory.join("clickhouse");
        let is_new = !engine.exists();
        let engine = private_directory(&engine)?;
        let place = Self { directory, engine };
        let engine = &place.engine;
        let close = || {
            if is_new {
                place.give(engine)?;
            }
            // An earlier umask or another hand may have opened it.
            if fs::metadata(engine)?.permissions().mode() & 0o077 != 0 {
                fs::set_permissions(engine, fs::Permissions::from_mode(PRIVATE))?;
            }
            Ok(())
        };
        close().map_err(EngineError::io("make private", engine))?;
        Ok(place)
    }

    /// The data directory, as an absolute path.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The engine's own directory, as an absolute path.
    pub(super) fn engine(&self) -> &Path {
        &self.engine
    }

    /// File for the engine's standard output and error.
    pub(super) fn log(&self) -> PathBuf {
        self.directory.join("clickhouse.log")
    }

    /// Takes the lock that keeps a second instance away.
    pub(super) fn lock(&self) -> Result<File, EngineError> {
        let path = lock_file(&self.directory);
        let open = || {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(false).mode(0o600);
            let file = options.open(&path)?;
            self.give(&path)?;
            Ok(file)
        };
        let file = open().map_err(EngineError::io("create", &path))?;
        let mut tries = 1;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                // A command that looks whether an instance runs holds it for a moment.
                Err(TryLockError::WouldBlock) if tries < LOCK_TRIES => tries += 1,
                Err(TryLockError::WouldBlock) => {
                    return Err(EngineError::InUse {
                        directory: self.directory.clone(),
                    });
                }
                Err(TryLockError::Error(source)) => {
                    return Err(EngineError::Io {
                        action: "lock",
                        path,
                        source,
                    });
                }
            }
            std::thread::sleep(LOCK_PAUSE);
        }
    }

    /// Creates a file in the data directory that its owner alone may read, in place of one that is there.
    pub(super) fn create(&self, path: &Path) -> io::Result<File> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let file = options
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        self.give(path)?;
        Ok(file)
    }

    /// User that the engine should run as: whom its directory belongs to, if this process is root and that isn't.
    pub(super) fn owner(&self) -> io::Result<Option<Owner>> {
        let owner = owner_of(&self.engine)?;
        Ok((geteuid().is_root() && owner.user != 0).then_some(owner))
    }

    /// Gives a file that root has made to the owner of the data directory, who may start the next instance.
    fn give(&self, path: &Path) -> io::Result<()> {
        let owner = owner_of(&self.directory)?;
        if geteuid().is_root() && owner.user != 0 {
            std::os::unix::fs::lchown(path, Some(owner.user), Some(owner.group))?;
        }
        Ok(())
    }
}

fn lock_file(directory: &Path) -> PathBuf {
    directory.join("server.lock")
}

/// True if an instance with this data directory runs.
pub(super) fn is_locked(directory: &Path) -> io::Result<bool> {
    match File::open(lock_file(directory))?.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn owner_of(path: &Path) -> io::Result<Owner> {
    let metadata = fs::metadata(path)?;
    Ok(Owner {
        user: metadata.uid(),
        group: metadata.gid(),
    })
}

/// Creates a directory that only this user may read, and returns its absolute path.
fn private_directory(path: &Path) -> Result<PathBuf, EngineError> {
    DirBuilder::new()
        .recursive(true)
        .mode(PRIVATE)
        .create(path)
        .map_err(EngineError::io("create", path))?;
    path.canonicalize().map_err(EngineError::io("open", path))
}
