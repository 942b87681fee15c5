//! Options of the token that operations ask for: of the server, and of commands that ask an instance.

use std::path::PathBuf;

use crate::ops::access::{TokenError, TokenSource};

/// Variable that holds the token. It is never an option: options show in the list of processes.
const TOKEN: &str = "EVENT_GRPC_OPS_TOKEN";

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
        TokenSource::of(std::env::var(TOKEN).ok(), self.ops_token_file.clone())
    }
}
