//! Accounts of the embedded engine: passwords, and the rights and limits of who has them.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};

use super::error::EngineError;
use super::place::Place;

/// User of the server and of the operator's commands, whose password is another one after each start.
pub const SERVER: &str = "event_grpc";

/// Read-only user of tools, whose password is in a file of the data directory.
pub const READER: &str = "reader";

/// Names of the files in the data directory that hold their passwords.
const SERVER_FILE: &str = "event_grpc.password";
const READER_FILE: &str = "reader.password";

/// Rights and limits of the users, as ClickHouse's configuration; the passwords' hashes are filled in.
const USERS: &str = include_str!("users.xml");

/// Number of random bytes in a password.
const BYTES: usize = 32;

/// Password of 256 random bits, in hexadecimal digits.
#[derive(Clone)]
pub struct Password(String);

/// Accounts of a run, apart from the one that starts the engine and ends with its start.
#[derive(Debug)]
pub(super) struct Accounts {
    /// Password of [`SERVER`].
    pub(super) server: Password,
    reader: Password,
}

impl Password {
    /// Draws one.
    pub fn draw() -> io::Result<Self> {
        let mut bytes = [0; BYTES];
        let drawn = SystemRandom::new().fill(&mut bytes);
        drawn.map_err(|_| io::Error::other("the system gives no random numbers"))?;
        Ok(Self(hexadecimal(&bytes)))
    }

    /// Password that was drawn earlier, if the text is one.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let whole = text.len() == 2 * BYTES && text.bytes().all(|b| b.is_ascii_hexdigit());
        whole.then(|| Self(text.to_owned()))
    }

    /// The password itself, for who logs in with it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn sha256(&self) -> String {
        hexadecimal(&Sha256::digest(&self.0))
    }
}

/// Shows nothing of it, so that no derived `Debug` of a holder does.
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Accounts {
    /// Draws the server's password; the reader's is drawn at the first start in a data directory and kept there.
    pub(super) fn of(place: &Place) -> Result<Self, EngineError> {
        let file = reader_file(place.directory());
        let reader = match kept(&file).map_err(EngineError::io("read", &file))? {
            Some(password) => password,
            None => written(place, &file)?,
        };
        Ok(Self {
            server: written(place, &server_file(place.directory()))?,
            reader,
        })
    }

    /// ClickHouse's configuration of users. It holds hashes of the passwords and not the passwords.
    pub(super) fn configuration(&self) -> String {
        USERS
            .replace("SERVER_SHA256", &self.server.sha256())
            .replace("READER_SHA256", &self.reader.sha256())
    }
}

/// File that holds the password of [`SERVER`] for an instance with this data directory.
pub fn server_file(directory: &Path) -> PathBuf {
    directory.join(SERVER_FILE)
}

/// File that holds the password of [`READER`] for an instance with this data directory.
pub fn reader_file(directory: &Path) -> PathBuf {
    directory.join(READER_FILE)
}

/// New password in a file that only the owner of the data directory may read.
fn written(place: &Place, file: &Path) -> Result<Password, EngineError> {
    let write = || {
        let password = Password::draw()?;
        writeln!(place.create(file)?, "{}", password.reveal())?;
        Ok(password)
    };
    write().map_err(EngineError::io("write a password into", file))
}

/// Password in a file, unless there is none or somebody else could have read or written it.
fn kept(file: &Path) -> io::Result<Option<Password>> {
    let metadata = match fs::symlink_metadata(file) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let private =
        metadata.is_file() && metadata.permissions().mode() & 0o077 == 0 && metadata.nlink() == 1;
    if !private {
        return Ok(None);
    }
    Ok(Password::parse(&fs::read_to_string(file)?))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_password_is_kept_unless_others_could_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::prepare(directory.path()).unwrap();
        let file = reader_file(place.directory());
        let first = Accounts::of(&place).unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let second = Accounts::of(&place).unwrap();
        assert_eq!(first.reader.reveal(), second.reader.reveal());
        assert_ne!(first.server.reveal(), second.server.reveal());

        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let third = Accounts::of(&place).unwrap();
        assert_ne!(third.reader.reveal(), second.reader.reveal());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            fs::read_to_string(&file).unwrap().trim(),
            third.reader.reveal()
        );
    }

    #[test]
    fn nothing_shows_a_password() {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::prepare(directory.path()).unwrap();
        let accounts = Accounts::of(&place).unwrap();
        let shown = format!("{accounts:?} {}", accounts.configuration());
        for password in [&accounts.server, &accounts.reader] {
            assert_eq!(password.reveal().len(), 64);
            assert!(!shown.contains(password.reveal()), "{shown}");
        }
        assert!(!shown.contains("SHA256"), "{shown}");
    }
}
