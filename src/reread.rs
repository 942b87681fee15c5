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
    /// If it can't be read, has more bytes, or isn't UTF-8.
    pub fn changed(&mut self, path: &Path, largest: u64) -> Result<Option<String>, String> {
        let read = content(path, largest);
        let seen = match &read {
            Ok(text) => Sha256::digest(text),
            Err(bad) => Sha256::digest(format!("error: {bad}")),
        };
        if std::mem::replace(&mut self.0, seen.into()) == <[u8; 32]>::from(seen) {
            return Ok(None);
        }
        read.map(Some)
    }
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
