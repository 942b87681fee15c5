//! Files that are read again whenever their content changes, such as a key file.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

/// Interval at which files are looked at. Notices of the file system miss the links by which Kubernetes replaces files.
pub const INTERVAL: Duration = Duration::from_secs(2);

/// What was read of a file last.
#[derive(Debug, Default)]
pub struct Seen([u8; 32]);

impl Seen {
    /// Content of a file of at most `largest` bytes, if it isn't what was seen last. An error is told once, like a content.
    ///
    /// # Errors
    ///
    /// If it is no file, can't be read, has more bytes, isn't UTF-8, or has become empty.
    pub fn changed(&mut self, path: &Path, largest: u64) -> Result<Option<String>, String> {
        // What is read of a pipe can't be read again, and to open one may wait for ever.
        let read = match std::fs::metadata(path) {
            Ok(about) if !about.is_file() => Err("it can't be read: it is no file".to_owned()),
            _ => content(path, largest),
        };
        let is_first = self.0 == <[u8; 32]>::default();
        let read = match read {
            // Whoever writes into it empties it first.
            Ok(text) if text.trim().is_empty() && !is_first && self.0 != digest(&text) => {
                Err("it is empty, as it is while somebody writes into it".to_owned())
            }
            read => read,
        };
        let seen = match &read {
            Ok(text) => digest(text),
            Err(bad) => digest(&format!("error: {bad}")),
        };
        if std::mem::replace(&mut self.0, seen) == seen {
            return Ok(None);
        }
        read.map(Some)
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Content of a file of at most `largest` bytes.
///
/// # Errors
///
/// If it can't be read, has more bytes, or isn't UTF-8.
pub fn content(path: &Path, largest: u64) -> Result<String, String> {
    let bad = |error: std::io::Error| format!("it can't be read: {error}");
    let mut text = String::new();
    let file = File::open(path).map_err(bad)?;
    let read = file
        .take(largest + 1)
        .read_to_string(&mut text)
        .map_err(bad)?;
    match read as u64 > largest {
        true => Err(format!("it has more than {largest} bytes")),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_read_when_it_changes_and_what_is_wrong_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut seen = Seen::default();
        let mut look = || seen.changed(&path, 16);
        assert!(look().unwrap_err().contains("can't be read"));
        assert_eq!(look(), Ok(None));
        fs::write(&path, "one").unwrap();
        assert_eq!(look(), Ok(Some("one".into())));
        assert_eq!(look(), Ok(None));
        // Somebody writes into it: it is empty for a moment, and then has what it shall have.
        fs::write(&path, "").unwrap();
        assert!(look().unwrap_err().contains("empty"));
        assert_eq!(look(), Ok(None));
        fs::write(&path, "two").unwrap();
        assert_eq!(look(), Ok(Some("two".into())));
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(look().unwrap_err().contains("UTF-8"));
        fs::write(&path, "x".repeat(17)).unwrap();
        assert!(look().unwrap_err().contains("more than 16 bytes"));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(look().unwrap_err().contains("no file"));
        fs::remove_dir(&path).unwrap();
        let pipe = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(pipe.unwrap().success());
        // It is told, which a directory was, too.
        let mut other = Seen::default();
        assert!(other.changed(&path, 16).unwrap_err().contains("no file"));
        let endless = content("/dev/zero".as_ref(), 16);
        assert!(endless.unwrap_err().contains("more than 16 bytes"));
    }

    #[test]
    fn a_file_may_be_empty_at_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "\n").unwrap();
        let mut seen = Seen::default();
        assert_eq!(seen.changed(&path, 16), Ok(Some("\n".into())));
        assert_eq!(seen.changed(&path, 16), Ok(None));
    }
}
