//! Rust source that an earlier run formatted, kept in a folder: formatting takes longer than everything else.
//!
//! A file of the folder holds the hash of what was formatted, by which build of the generator, and the result. It may be
//! deleted at any time; what can't be read or written is made anew and not told.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::base::hash::hash;

/// The folder, and who formats.
pub(super) struct Formatted {
    folder: PathBuf,
    build: String,
}

impl Formatted {
    /// What is kept in this folder; none if it isn't known which build this is.
    pub(super) fn in_folder(folder: &Path) -> Option<Self> {
        let program = std::env::current_exe().ok()?;
        let file = fs::metadata(program).ok()?;
        let built = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        fs::create_dir_all(folder).ok()?;
        Some(Formatted {
            folder: folder.to_owned(),
            build: format!("{} {}", file.len(), built.as_nanos()),
        })
    }

    /// The formatted file, kept or made.
    pub(super) fn get<E>(
        &self,
        path: &str,
        text: &str,
        format: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        let key = hash(format!("{}\n{path}\n{text}", self.build).as_bytes());
        let file = self.folder.join(path.replace('/', "+"));
        let kept = fs::read(&file).ok();
        let kept = kept.as_deref().and_then(|kept| {
            kept.strip_prefix(key.as_bytes())?
                .strip_prefix(b"\n")
                .map(<[u8]>::to_vec)
        });
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let made = format()?;
        let entry = [key.as_bytes(), b"\n", &made].concat();
        // Another run may read meanwhile: a file takes its place whole.
        let staged = file.with_extension(std::process::id().to_string());
        if fs::write(&staged, entry).is_ok() {
            fs::rename(&staged, &file).ok();
        }
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_taken_only_for_the_same_text() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let kept = Formatted::in_folder(folder.path()).ok_or("no folder")?;
        let get = |text: &str, made: &str| {
            let made = made.as_bytes().to_vec();
            kept.get("a/b.rs", text, || Ok::<_, std::io::Error>(made))
        };
        assert_eq!(get("one", "first")?, b"first");
        assert_eq!(get("one", "never asked")?, b"first");
        assert_eq!(get("two", "second")?, b"second");
        assert_eq!(get("one", "third")?, b"third");
        fs::write(folder.path().join("a+b.rs"), b"damaged")?;
        assert_eq!(get("one", "fourth")?, b"fourth");
        Ok(())
    }
}
