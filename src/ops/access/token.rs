//! Bearer tokens of operators: from the environment or from a file, kept as digests and compared in constant time.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use http::{HeaderMap, header};
use ring::digest::{SHA256, digest};
use subtle::{Choice, ConstantTimeEq as _};

use crate::reread::{self, Seen};

/// Minimum length of a token, in characters.
pub const SHORTEST: usize = 16;

/// Maximum length of a token, in characters.
const LONGEST: usize = 1024;

/// Maximum number of tokens at a time: the one in use, and those that are about to replace it.
const MOST: usize = 8;

/// Maximum size of a file of tokens, in bytes.
const FILE: u64 = 16 << 10;

/// Where tokens are.
#[derive(Clone)]
pub enum TokenSource {
    /// The token itself.
    Text(String),
    /// A file with a token in each line.
    File(PathBuf),
}

/// Error of a token that can't be used. It says nothing of the token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file can't be read.
    #[error("the file of operators' tokens {path}: {reason}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Something in it is no token.
    #[error(
        "{place} should hold a token of {least} to {longest} visible ASCII characters in each line, and {most} of them at \
         most",
        least = SHORTEST,
        longest = LONGEST,
        most = MOST
    )]
    Unusable {
        /// Where it was found.
        place: String,
    },
    /// Both sources are given.
    #[error("set EVENT_GRPC_OPS_TOKEN or EVENT_GRPC_OPS_TOKEN_FILE, and not both")]
    Both,
}

/// Digests of the tokens that are good now. All copies share them.
#[derive(Clone)]
pub(super) struct Tokens {
    source: TokenSource,
    digests: Arc<ArcSwap<Vec<[u8; 32]>>>,
    seen: Arc<Mutex<Seen>>,
}

impl TokenSource {
    /// Source that is given by a variable, or by the name of a file.
    pub fn of(text: Option<String>, file: Option<PathBuf>) -> Result<Option<Self>, TokenError> {
        match (text.filter(|text| !text.is_empty()), file) {
            (Some(_), Some(_)) => Err(TokenError::Both),
            (Some(text), None) => Ok(Some(TokenSource::Text(text))),
            (None, file) => Ok(file.map(TokenSource::File)),
        }
    }

    /// Token for who asks an instance: the first one.
    pub fn first(&self) -> Result<String, TokenError> {
        let tokens = self.tokens()?;
        tokens.into_iter().next().ok_or_else(|| self.unusable())
    }

    fn tokens(&self) -> Result<Vec<String>, TokenError> {
        match self {
            TokenSource::Text(text) => self.parse(text),
            TokenSource::File(path) => {
                let text = reread::content(path, FILE);
                self.parse(&text.map_err(|reason| unread(path, reason))?)
            }
        }
    }

    /// Tokens of a text; at least one.
    fn parse(&self, text: &str) -> Result<Vec<String>, TokenError> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let tokens: Vec<String> = lines.map(str::to_owned).collect();
        let is_token = |token: &String| {
            (SHORTEST..=LONGEST).contains(&token.len())
                && token.bytes().all(|byte| byte.is_ascii_graphic())
        };
        match (1..=MOST).contains(&tokens.len()) && tokens.iter().all(is_token) {
            true => Ok(tokens),
            false => Err(self.unusable()),
        }
    }

    fn unusable(&self) -> TokenError {
        let place = match self {
            TokenSource::Text(_) => "EVENT_GRPC_OPS_TOKEN".to_owned(),
            TokenSource::File(path) => path.display().to_string(),
        };
        TokenError::Unusable { place }
    }
}

impl Tokens {
    /// Reads the tokens.
    pub(super) fn read(source: TokenSource) -> Result<Self, TokenError> {
        let digests = digests(&source.tokens()?);
        Ok(Tokens {
            source,
            digests: Arc::new(ArcSwap::from_pointee(digests)),
            seen: Arc::default(),
        })
    }

    /// True if one of them is this one. How long that takes says nothing of them.
    pub(super) fn have(&self, token: &[u8]) -> bool {
        let token = of(token);
        let digests = self.digests.load();
        let equal = digests.iter().map(|known| known.ct_eq(&token));
        equal.fold(Choice::from(0), |any, equal| any | equal).into()
    }

    /// Looks at the file at intervals, for as long as it is polled.
    pub(super) async fn follow(self) {
        if !matches!(self.source, TokenSource::File(_)) {
            return;
        }
        loop {
            tokio::time::sleep(reread::INTERVAL).await;
            let tokens = self.clone();
            let looked = tokio::task::spawn_blocking(move || tokens.look()).await;
            if let Err(error) = looked {
                tracing::error!(%error, "Looking at the tokens of operators failed.");
            }
        }
    }

    /// Reads the file again if its content has changed. Tokens that can't be used leave those that are there.
    fn look(&self) {
        let TokenSource::File(path) = &self.source else {
            return;
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let read = match seen.changed(path, FILE) {
            Ok(None) => return,
            Ok(Some(text)) => self.source.parse(&text),
            Err(reason) => Err(unread(path, reason)),
        };
        match read {
            Ok(tokens) => {
                let digests = digests(&tokens);
                if **self.digests.load() != digests {
                    self.digests.store(Arc::new(digests));
                    let count = tokens.len();
                    tracing::info!(path = %path.display(), count, "The tokens of operators were read again.");
                }
            }
            Err(error) => {
                let error = error.to_string();
                tracing::error!(error, "The tokens of operators stay as they were.");
            }
        }
    }
}

/// Token of a request, if it gives one.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(b"Bearer ".len())?;
    let is_bearer = scheme.eq_ignore_ascii_case(b"Bearer ");
    is_bearer.then(|| token.trim_ascii())
}

fn unread(path: &Path, reason: String) -> TokenError {
    let path = path.to_owned();
    TokenError::File { path, reason }
}

fn digests(tokens: &[String]) -> Vec<[u8; 32]> {
    tokens.iter().map(|token| of(token.as_bytes())).collect()
}

/// SHA-256 of a token.
fn of(token: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, token).as_ref());
    bytes
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenSource::Text(_) => f.write_str("Text(…)"),
            TokenSource::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tokens").field(&self.source).finish()
    }
}
