//! Change of a file in one step: whoever reads it sees the old content or the new one, never a part.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::EditError;

/// A key file could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Its content can't be changed as wanted.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// It can't be read or written.
    #[error("{path}: {error}")]
    File {
        /// Its path.
        path: String,
        /// Error.
        error: io::Error,
    },
}

/// Changes a file by `edit`, which gets its text: empty if it isn't there. A new file is readable by its owner only; an old
/// one keeps its owner and its mode. Others that change it by this function wait.
///
/// # Errors
///
/// If the text can't be changed, or the file can't be read or written. It is as it was then.
pub fn change(
    path: &Path,
    edit: impl FnOnce(&str) -> Result<String, EditError>,
) -> Result<(), StoreError> {
    let failed = |error: io::Error| StoreError::File {
        path: path.display().to_string(),
        error,
    };
    // The file behind a link is replaced, and not the link.
    let target = match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_path_buf(),
        found => found.map_err(failed)?,
    };
    let folder = folder(&target);
    let turn = File::open(&folder).map_err(failed)?;
    turn.lock().map_err(failed)?;
    let (text, meta) = match fs::read_to_string(&target) {
        Ok(text) => (text, Some(fs::metadata(&target).map_err(failed)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (String::new(), None),
        Err(error) => return Err(failed(error)),
    };
    let edited = edit(&text)?;
    let write = || -> io::Result<()> {
        let mut file = NamedTempFile::new_in(&folder)?;
        file.write_all(edited.as_bytes())?;
        let mode = meta.as_ref().map_or(0o600, |meta| meta.mode() & 0o7777);
        file.as_file()
            .set_permissions(Permissions::from_mode(mode))?;
        let own = file.as_file().metadata()?;
        if let Some(meta) = meta
            .as_ref()
            .filter(|meta| (meta.uid(), meta.gid()) != (own.uid(), own.gid()))
        {
            chown(file.path(), Some(meta.uid()), Some(meta.gid()))?;
        }
        file.as_file().sync_all()?;
        file.persist(&target)?;
        turn.sync_all()
    };
    write().map_err(failed)
}

fn folder(path: &Path) -> PathBuf {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_path_buf()
}
