//! Sources that the operator opens to anybody, although `pipeline.yaml` says how requests prove where they come from.

use std::collections::BTreeSet;

use crate::contract::{Auth, Intake, Pipeline, Source};
use crate::yaml::nearest;

/// Names of opened sources; those that verify nothing anyway are left out.
#[derive(Debug, Clone, Default)]
pub struct Unverified(BTreeSet<&'static str>);

/// A name that no source has.
#[derive(Debug, thiserror::Error)]
#[error(
    "--unverified (EVENT_GRPC_UNVERIFIED) names {name:?}, and there is no such source{meant}; the sources are {known}"
)]
pub struct UnknownSource {
    name: String,
    /// The nearest name, in words.
    meant: String,
    known: String,
}

impl Unverified {
    /// Looks up the sources with these names.
    pub fn new<'a>(
        names: impl IntoIterator<Item = &'a str>,
        pipeline: &'static Pipeline,
    ) -> Result<Self, UnknownSource> {
        let mut found = BTreeSet::new();
        for name in names.into_iter().map(str::trim).filter(|n| !n.is_empty()) {
            let Some(source) = pipeline.sources.iter().find(|s| s.name == name) else {
                let known: Vec<&str> = pipeline.sources.iter().map(|s| s.name).collect();
                let meant = nearest(name, known.iter().copied());
                let meant = meant.map_or(String::new(), |m| format!("; did you mean {m:?}?"));
                return Err(UnknownSource {
                    name: name.to_owned(),
                    meant,
                    known: known.join(", "),
                });
            };
            if verifies(source) {
                found.insert(source.name);
            }
        }
        Ok(Unverified(found))
    }

    /// True if a source is opened.
    pub fn opens(&self, source: &str) -> bool {
        self.0.contains(source)
    }

    /// Names of the opened sources, which are logged once, as a warning.
    pub fn told(&self) -> Vec<&'static str> {
        let names: Vec<&'static str> = self.0.iter().copied().collect();
        if !names.is_empty() {
            tracing::warn!(
                sources = names.join(", "),
                "Anybody can send to these sources: --unverified opens them. Give their secrets instead, and their senders \
                 the proof (docs/webhooks.md, docs/keys.md)."
            );
        }
        names
    }
}

/// True if requests of a source have to prove where they come from.
fn verifies(source: &Source) -> bool {
    match &source.intake {
        Intake::Post { verify, .. } => verify.is_some() || source.auth == Auth::Keys,
        Intake::Grpc { .. } => source.auth == Auth::Keys,
    }
}
