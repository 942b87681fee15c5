//! Files of access: the key file and the JWKS file, read at start and again whenever their content changes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, Guard};

use super::clients::Clients;
use super::config::{Config, Listener};
use super::failures::Failures;
use super::jwks::{self, Jwks};
use super::jwt::Expected;
use super::rule::Rule;
use super::written::{self, BadFile};
use crate::contract::{Pipeline, Source};
use crate::metrics::access::{BAD, READ};
use crate::reread::{self, Seen};

/// Maximum size of a file.
const LARGEST: u64 = 32 << 20;

/// Who may send what; shared by all sources.
#[derive(Debug)]
pub struct Access {
    pub(super) config: Config,
    pub(super) pipeline: &'static Pipeline,
    pub(super) listeners: Vec<Listener>,
    in_force: ArcSwap<InForce>,
    files: Mutex<Files>,
    failures: Failures,
}

/// Content of the files that is in force.
#[derive(Debug, Default)]
pub(super) struct InForce {
    pub(super) clients: Arc<Clients>,
    pub(super) jwks: Option<Arc<Jwks>>,
}

/// What is known of the files.
#[derive(Debug, Default)]
struct Files {
    keys: FileState,
    jwks: FileState,
}

#[derive(Debug, Default)]
struct FileState {
    seen: Seen,
    /// Why the content that was read last isn't in force.
    bad: Option<String>,
}

/// Error at start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The key file can't be used.
    #[error("--keys {}: {bad}{hint}", path.display())]
    Keys {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        bad: BadFile,
        /// What to do about a file that isn't there.
        hint: &'static str,
    },
    /// The JWKS file can't be used.
    #[error("--jwks {}: {bad}", path.display())]
    Jwks {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        bad: BadFile,
    },
    /// Tokens need more options.
    #[error("--jwks needs {0}")]
    Incomplete(&'static str),
}

impl Access {
    /// Reads the files. `listeners` are where the sources listen.
    ///
    /// # Errors
    ///
    /// If a file can't be used, or the configuration contradicts itself.
    pub fn start(
        config: Config,
        pipeline: &'static Pipeline,
        listeners: Vec<Listener>,
    ) -> Result<Arc<Self>, StartError> {
        if config.jwks.is_some() && config.keys.is_none() {
            let what = "--keys, whose clients say what the sender of a token may send";
            return Err(StartError::Incomplete(what));
        }
        if config.jwks.is_some() && config.tokens.audience.is_empty() {
            let what =
                "--jwt-audience: a token that was made for another service must not be taken here";
            return Err(StartError::Incomplete(what));
        }
        let access = Access {
            config,
            pipeline,
            listeners,
            in_force: ArcSwap::default(),
            files: Mutex::default(),
            failures: Failures::new(),
        };
        let mut files = access.files();
        access.read_keys(&mut files.keys).map_err(|bad| {
            let path = access.config.keys.clone().unwrap_or_default();
            let hint = match path.exists() {
                true => "",
                false => "; `event-grpc keys new CLIENT --keys FILE` makes one",
            };
            StartError::Keys { path, bad, hint }
        })?;
        access.read_jwks(&mut files.jwks).map_err(|bad| {
            let path = access.config.jwks.clone().unwrap_or_default();
            StartError::Jwks { path, bad }
        })?;
        drop(files);
        access.tell_odd();
        Ok(Arc::new(access))
    }

    /// Access without files: every source takes what anybody sends. For tools and tests that listen on loopback only.
    pub fn local(pipeline: &'static Pipeline) -> Arc<Self> {
        Arc::new(Access {
            config: Config::default(),
            pipeline,
            listeners: Vec::new(),
            in_force: ArcSwap::default(),
            files: Mutex::default(),
            failures: Failures::new(),
        })
    }

    /// Rule of a source at the listener with this name.
    pub(super) fn rule(&self, source: &Source, listener: &str) -> Rule {
        let mut listeners = self.listeners.iter().filter(|one| one.name == listener);
        Rule::of(
            source,
            &self.config,
            listeners.all(Listener::is_on_loopback),
        )
    }

    /// Looks at the files every two seconds, for as long as it is polled.
    pub async fn watch(self: Arc<Self>) {
        loop {
            tokio::time::sleep(reread::INTERVAL).await;
            let access = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || access.look()).await;
            if let Err(error) = looked {
                tracing::error!(%error, "Looking at the key file failed.");
            }
        }
    }

    /// Reads the files again if their content has changed. What can't be used changes nothing, and is told once.
    pub fn look(&self) {
        let mut files = self.files();
        let keys = self.read_keys(&mut files.keys);
        let jwks = self.read_jwks(&mut files.jwks);
        let is_new = [&keys, &jwks].iter().any(|read| matches!(read, Ok(true)));
        tell("keys", self.config.keys.as_deref(), keys, &mut files.keys);
        tell("jwks", self.config.jwks.as_deref(), jwks, &mut files.jwks);
        drop(files);
        if is_new {
            self.tell_odd();
        }
    }

    /// Why a file isn't in force as it is now: of the key file, and of the JWKS file.
    pub fn bad(&self) -> [Option<String>; 2] {
        let files = self.files();
        [files.keys.bad.clone(), files.jwks.bad.clone()]
    }

    /// What is in force.
    pub(super) fn in_force(&self) -> Guard<Arc<InForce>> {
        self.in_force.load()
    }

    /// What a token must say.
    pub(super) fn expected(&self) -> &Expected {
        &self.config.tokens
    }

    /// Failed attempts.
    pub(super) fn failures(&self) -> &Failures {
        &self.failures
    }

    /// Reads the key file; true if it changed.
    fn read_keys(&self, state: &mut FileState) -> Result<bool, BadFile> {
        let Some(text) = changed(self.config.keys.as_deref(), state)? else {
            return Ok(false);
        };
        let before = self.in_force.load_full();
        let written = written::read(&text)?;
        let clients = Clients::new(&written, self.pipeline, Some(&before.clients));
        let mut clients = clients.map_err(BadFile::without_keys)?;
        if !clients.certificates.is_empty() && !self.listeners.iter().any(|one| one.asks) {
            let odd = "client certificates are named, and no listener asks for any: that needs --tls-client-ca";
            clients.odd.push(odd.to_owned());
        }
        self.in_force.store(Arc::new(InForce {
            clients: Arc::new(clients),
            jwks: before.jwks.clone(),
        }));
        Ok(true)
    }

    /// Reads the JWKS file; true if it changed.
    fn read_jwks(&self, state: &mut FileState) -> Result<bool, BadFile> {
        let Some(text) = changed(self.config.jwks.as_deref(), state)? else {
            return Ok(false);
        };
        let jwks = jwks::read(&text)?;
        let before = self.in_force.load_full();
        self.in_force.store(Arc::new(InForce {
            clients: Arc::clone(&before.clients),
            jwks: Some(Arc::new(jwks)),
        }));
        Ok(true)
    }

    fn tell_odd(&self) {
        let in_force = self.in_force();
        let of_tokens = in_force.jwks.iter().flat_map(|jwks| jwks.odd.iter());
        for odd in in_force.clients.odd.iter().chain(of_tokens) {
            tracing::warn!(
                odd,
                "Something in the key file or the JWKS file has no effect."
            );
        }
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts and logs what became of a file.
fn tell(
    file: &'static str,
    path: Option<&Path>,
    read: Result<bool, BadFile>,
    state: &mut FileState,
) {
    let path = path.unwrap_or(Path::new("")).display();
    let outcome = match read {
        Ok(false) => return,
        Ok(true) => {
            state.bad = None;
            tracing::info!(file, %path, "A file of access has changed and is in force.");
            "taken"
        }
        Err(bad) => {
            tracing::error!(file, %path, reason = %bad, "A file of access has changed and can't be used; the one before stays in force.");
            state.bad = Some(bad.to_string());
            "bad"
        }
    };
    READ.with([file, outcome]).increment(1);
    BAD.set([file], state.bad.is_some());
}

/// Content of a file, if it isn't what was seen last.
fn changed(path: Option<&Path>, state: &mut FileState) -> Result<Option<String>, BadFile> {
    match path {
        Some(path) => state.seen.changed(path, LARGEST).map_err(BadFile),
        None => Ok(None),
    }
}
