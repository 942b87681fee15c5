//! Options of TLS to a server, and what they are called where they are given.

use std::path::PathBuf;

/// How the connections to a server are verified, and what is shown to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// PEM file of the authorities that are trusted in place of this machine's.
    pub ca: Option<PathBuf>,
    /// Whether this machine's authorities are trusted beside those of `ca`.
    pub machine_too: bool,
    /// PEM file of the client certificate, with the intermediate ones after it.
    pub certificate: Option<PathBuf>,
    /// PEM file of its private key, which isn't encrypted.
    pub key: Option<PathBuf>,
    /// Name that the server's certificate must have in place of the host's.
    pub server_name: Option<String>,
    /// Whether a certificate of any name will do, if a trusted authority has signed it.
    pub any_name: bool,
    /// Where these are given.
    pub names: &'static Names,
}

/// What the options are called where they are given, for messages.
#[derive(Debug, PartialEq, Eq)]
pub struct Names {
    /// File of the authorities.
    pub ca: &'static str,
    /// Files of the client certificate and its key.
    pub certificate: &'static str,
    /// What to do about a certificate of another name.
    pub server_name: &'static str,
}

impl Options {
    /// Verification by this machine's authorities and the host's name, without a client certificate.
    pub fn new(names: &'static Names) -> Self {
        Options {
            ca: None,
            machine_too: false,
            certificate: None,
            key: None,
            server_name: None,
            any_name: false,
            names,
        }
    }
}
