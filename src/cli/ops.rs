//! Options of the proof that operations ask for: of the server, and of commands that ask an instance.

use std::path::PathBuf;

use crate::app::environment::Environment;
use crate::app::variables::OPS_TOKEN;
use crate::ops::access::{TokenError, TokenSource};
use crate::tls::client::Tls;
use crate::tls::{Names, Options};

/// Where the token of operations is.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct TokenArgs {
    /// File with the bearer token of operations, of at least 16 characters; EVENT_GRPC_OPS_TOKEN may hold it instead.
    /// Each further line is another one: the server accepts all of them, and commands send the first.
    #[arg(long, env = "EVENT_GRPC_OPS_TOKEN_FILE", value_name = "FILE")]
    ops_token_file: Option<PathBuf>,
}

impl TokenArgs {
    /// Source of the token, if one is given.
    pub(super) fn source(&self) -> Result<Option<TokenSource>, TokenError> {
        // The token itself is never an option: options show in the list of processes.
        let token = Environment::of_process().get(OPS_TOKEN);
        TokenSource::of(token, self.ops_token_file.clone())
    }
}

/// How a command proves to instances who asks, and verifies them.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct AskArgs {
    #[command(flatten)]
    token: TokenArgs,
    /// PEM file of the authorities that verify instances at https://, in place of this machine's.
    #[arg(long, env = "EVENT_GRPC_OPS_CA", value_name = "FILE")]
    ops_ca: Option<PathBuf>,
    /// PEM file of a client certificate that --ops-certificate of the instances names.
    #[arg(
        long,
        env = "EVENT_GRPC_OPS_CERT",
        requires = "ops_key",
        value_name = "FILE"
    )]
    ops_cert: Option<PathBuf>,
    /// PEM file of its private key.
    #[arg(
        long,
        env = "EVENT_GRPC_OPS_KEY",
        requires = "ops_cert",
        value_name = "FILE"
    )]
    ops_key: Option<PathBuf>,
}

/// What the options are called in messages.
const NAMES: Names = Names {
    ca: "--ops-ca",
    certificate: "--ops-cert and --ops-key",
    server_name: "ask it by a name that is in its certificate",
};

impl AskArgs {
    /// Token to show, if one is given.
    pub(super) fn token(&self) -> Result<Option<String>, TokenError> {
        let source = self.token.source()?;
        source.map(|source| source.first()).transpose()
    }

    /// TLS to instances.
    pub(super) fn tls(&self) -> Tls {
        Tls::new(Options {
            ca: self.ops_ca.clone(),
            certificate: self.ops_cert.clone(),
            key: self.ops_key.clone(),
            ..Options::new(&NAMES)
        })
    }
}
