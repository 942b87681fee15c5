//! TLS of a PostgreSQL address: `sslmode`, `sslrootcert`, `sslcert` and `sslkey`, as libpq names them.

use std::error::Error as StdError;
use std::path::PathBuf;

use tokio_postgres::config::SslMode;

use super::parameters::Parameter;
use crate::tls::{self, Names, Options};

/// Parameters that the client doesn't know by itself, or not all values of them.
pub(super) const KEYS: [&str; 4] = ["sslmode", "sslrootcert", "sslcert", "sslkey"];

/// What they are called.
const NAMES: Names = Names {
    ca: "sslrootcert in the PostgreSQL URL",
    certificate: "sslcert and sslkey in the PostgreSQL URL",
    server_name: "connect by one of its names (hostaddr can say where that is), or set sslmode=verify-ca in the PostgreSQL \
                  URL, which takes every name that the authority has signed",
};

/// When a connection is encrypted, and how it is verified then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Security {
    pub(super) mode: SslMode,
    pub(super) options: Options,
}

impl Security {
    /// Reads the parameters of an address. What isn't said is verified in full, unless the server is on this machine:
    /// it often has a self-signed certificate, and encryption gains nothing there. The error is an unknown mode.
    pub(super) fn of(parameters: &[Parameter], is_loopback: bool) -> Result<Self, String> {
        let value = |key: &str| {
            let found = parameters.iter().rfind(|parameter| parameter.key == key);
            found.map(|parameter| parameter.value.as_str())
        };
        let mut options = Options::new(&NAMES);
        // libpq's word for the authorities of this machine.
        let ca = value("sslrootcert").filter(|file| *file != "system");
        options.ca = ca.map(PathBuf::from);
        options.certificate = value("sslcert").map(PathBuf::from);
        options.key = value("sslkey").map(PathBuf::from);
        let wants_none = is_loopback && KEYS.iter().all(|key| value(key).is_none());
        let mode = match value("sslmode") {
            None if wants_none => SslMode::Disable,
            // Nothing is encrypted for a server that could be anybody.
            None | Some("verify-full" | "require") => SslMode::Require,
            Some("verify-ca") => {
                options.any_name = true;
                SslMode::Require
            }
            Some("prefer") => SslMode::Prefer,
            Some("disable") => SslMode::Disable,
            Some(other) => return Err(other.to_owned()),
        };
        Ok(Security { mode, options })
    }
}

/// Why a connection failed, if TLS is the reason.
pub(super) fn refusal(error: &(dyn StdError + 'static)) -> Option<String> {
    tls::refusal(error, &NAMES)
}

/// What it may mean that a server ended a connection over TLS before it said anything.
pub(super) fn silent_end(error: &(dyn StdError + 'static)) -> Option<String> {
    tls::silent_end(error, &NAMES)
}
