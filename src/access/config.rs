//! Configuration of access: its files, what a token must say, and where the sources listen.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::jwt::Expected;
use super::unverified::Unverified;

/// Configuration of access.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Key file; without one, sources that want keys take what anybody sends on loopback, and nothing elsewhere.
    pub keys: Option<PathBuf>,
    /// JWKS file; without one, no tokens are taken.
    pub jwks: Option<PathBuf>,
    /// What a token must say.
    pub tokens: Expected,
    /// Sources that take requests without proof.
    pub unverified: Unverified,
}

/// Where sources listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    /// Name, as in metrics: `grpc` or `http`.
    pub name: &'static str,
    /// Address.
    pub address: SocketAddr,
    /// True if it speaks TLS.
    pub tls: bool,
    /// True if it asks clients for certificates and verifies them.
    pub asks: bool,
}

impl Listener {
    /// True if only this machine reaches it.
    pub fn is_on_loopback(&self) -> bool {
        self.address.ip().to_canonical().is_loopback()
    }
}
