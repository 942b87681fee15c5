//! Rule of a source at a listener: from whom it takes requests.

use super::config::Config;
use crate::contract::{Auth, Source};

/// From whom a source takes requests at a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// From anybody, as the pipeline declares.
    Anybody,
    /// From anybody, because there is no key file and the listener is on loopback.
    Local,
    /// From anybody, because the operator says so, and there is no key file.
    Unverified,
    /// From clients, and from whoever presents nothing, because the operator says so.
    ClientsAndUnverified,
    /// From clients.
    Clients,
    /// From nobody, because there is no key file and the listener is not on loopback.
    Nobody,
}

impl Rule {
    /// Rule of a source at a listener that is on loopback or not.
    pub(super) fn of(source: &Source, config: &Config, on_loopback: bool) -> Self {
        let unverified = config.unverified.opens(source.name);
        match (source.auth, &config.keys) {
            (Auth::None, _) => Rule::Anybody,
            (Auth::Keys, Some(_)) if unverified => Rule::ClientsAndUnverified,
            (Auth::Keys, Some(_)) => Rule::Clients,
            (Auth::Keys, None) if unverified => Rule::Unverified,
            (Auth::Keys, None) if on_loopback => Rule::Local,
            (Auth::Keys, None) => Rule::Nobody,
        }
    }

    /// The rule in words, for the log and for `/readyz`.
    pub(super) fn words(self) -> &'static str {
        match self {
            Rule::Anybody => "authentication: none, as the pipeline declares",
            Rule::Local => "authentication: none, on loopback only, because there is no key file",
            Rule::Unverified => "authentication: none, because of --unverified",
            Rule::ClientsAndUnverified => {
                "authentication: keys of clients; who presents none is taken as well, because of --unverified"
            }
            Rule::Clients => "authentication: keys of clients",
            Rule::Nobody => "takes nothing: it wants keys, and there is no key file (--keys)",
        }
    }
}
