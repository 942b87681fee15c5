//! Options of `serve` about who may send.

use std::path::PathBuf;

use crate::access::{Config, Expected};

/// Who may send events.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct AccessArgs {
    /// Key file: who may send to the sources with `auth: keys`, made by `event-grpc keys new` and read again when it
    /// changes. Without one these sources take what anybody sends on loopback, and nothing elsewhere.
    #[arg(long, env = "EVENT_GRPC_KEYS", value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Public keys of whoever signs tokens, as a JWKS file that is read again when it changes. JWTs signed with RS256,
    /// ES256 or EdDSA are taken beside keys then.
    #[arg(long, env = "EVENT_GRPC_JWKS", value_name = "FILE", requires_all = ["keys", "jwt_audience"])]
    jwks: Option<PathBuf>,
    /// Audience that a token must have; one of these, if several are given.
    #[arg(
        long,
        env = "EVENT_GRPC_JWT_AUDIENCE",
        value_delimiter = ',',
        value_name = "TEXT"
    )]
    jwt_audience: Vec<String>,
    /// Issuer that a token must have.
    #[arg(long, env = "EVENT_GRPC_JWT_ISSUER", value_name = "TEXT")]
    jwt_issuer: Option<String>,
    /// Claim of a token that names the client of the key file.
    #[arg(
        long,
        env = "EVENT_GRPC_JWT_CLAIM",
        default_value = "sub",
        value_name = "NAME"
    )]
    jwt_claim: String,
}

impl AccessArgs {
    /// Configuration of access.
    pub(super) fn config(self) -> Config {
        Config {
            keys: self.keys,
            jwks: self.jwks,
            tokens: Expected {
                audience: self.jwt_audience,
                issuer: self.jwt_issuer,
                claim: self.jwt_claim,
            },
            ..Config::default()
        }
    }
}
