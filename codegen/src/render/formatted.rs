//! Rust source that an earlier run formatted, kept in a folder: formatting takes longer than everything else.
//!
//! A file of the folder holds the pieces of one source file: for each a line with the hash of what was formatted by which build
//! of the generator and the length of the result, and the result. It may be deleted at any time; what can't be read or written
//! is made anew and not told.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::base::hash::hash;
use crate::base::parallel;

/// The folder, and who formats.
pub struct Formatted {
    folder: PathBuf,
    build: String,
}

impl Formatted {
    /// What is kept in this folder; none if it isn't known which build this is.
    pub fn in_folder(folder: &Path) -> Option<Self> {
        let program = std::env::current_exe().ok()?;
        let file = fs::metadata(program).ok()?;
        let built = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        fs::create_dir_all(folder).ok()?;
        Some(Formatted {
            folder: folder.to_owned(),
            build: format!("{} {}", file.len(), built.as_nanos()),
        })
    }

    /// The pieces of a file, kept or formatted, one behind the other.
    pub(super) fn get<E: Send>(
        &self,
        path: &str,
        pieces: &[&str],
        format: impl Fn(&str) -> Result<String, E> + Sync,
    ) -> Result<String, E> {
        let file = self.folder.join(path.replace('/', "+"));
        let before = fs::read_to_string(&file).unwrap_or_default();
        let known = entries(&before);
        let made = parallel::map(pieces, |piece| {
            let key = hash(format!("{}\n{path}\n{piece}", self.build).as_bytes());
            match known.get(key.as_str()) {
                Some(kept) => Ok((key, (*kept).to_owned(), true)),
                None => format(piece).map(|made| (key, made, false)),
            }
        });
        let made = made.into_iter().collect::<Result<Vec<_>, E>>()?;
        if made.len() != known.len() || made.iter().any(|(.., kept)| !kept) {
            let entries = made.iter();
            let entries = entries.map(|(key, text, _)| format!("{key} {}\n{text}", text.len()));
            self.keep(&file, &entries.collect::<String>());
        }
        Ok(made.into_iter().map(|(_, text, _)| text).collect())
    }

    /// Another run may read meanwhile: a file takes its place whole.
    fn keep(&self, file: &Path, entries: &str) {
        let staged = file.with_extension(std::process::id().to_string());
        if fs::write(&staged, entries).is_ok() {
            fs::rename(&staged, file).ok();
        }
    }
}

/// The pieces of a kept file by their keys, up to what is damaged.
fn entries(mut file: &str) -> HashMap<&str, &str> {
    let mut entries = HashMap::new();
    while let Some((head, rest)) = file.split_once('\n')
        && let Some((key, len)) = head.split_once(' ')
        && let Ok(len) = len.parse::<usize>()
        && let Some((text, rest)) = rest.split_at_checked(len)
    {
        entries.insert(key, text);
        file = rest;
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_taken_only_for_the_same_text() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let kept = Formatted::in_folder(folder.path()).ok_or("no folder")?;
        let get = |pieces: &[&str], by: &str| {
            kept.get("a/b.rs", pieces, |piece| {
                Ok::<_, std::io::Error>(format!("{piece}, {by}\n"))
            })
        };
        assert_eq!(get(&["one", "two"], "first")?, "one, first\ntwo, first\n");
        assert_eq!(
            get(&["one", "two"], "never asked")?,
            "one, first\ntwo, first\n"
        );
        assert_eq!(
            get(&["one", "three", "two"], "second")?,
            "one, first\nthree, second\ntwo, first\n"
        );
        assert_eq!(get(&["two"], "third")?, "two, first\n");
        assert_eq!(
            get(&["one"], "fourth")?,
            "one, fourth\n",
            "what isn't used goes"
        );
        for damaged in ["damaged", "a 100\nb", "a 1\né", ""] {
            fs::write(folder.path().join("a+b.rs"), damaged)?;
            assert_eq!(get(&["one"], damaged)?, format!("one, {damaged}\n"));
        }
        Ok(())
    }
}
