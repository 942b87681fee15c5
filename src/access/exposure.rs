//! Exposure: what a reviewer would object to in how an instance listens. It is said at start and in `/readyz`.

use super::config::Listener;
use super::files::Access;
use super::rule::Rule;
use crate::contract::{Auth, Intake, Source};

impl Access {
    /// What others can read or send and should not, in sentences. Empty on loopback.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for listener in self.listeners.iter().filter(|one| !one.is_on_loopback()) {
            let Listener {
                name, address, tls, ..
            } = listener;
            if !tls {
                warnings.push(format!(
                    "{name} listens on {address}, beyond loopback, without TLS: keys and events can be read on their way"
                ));
            }
            let unproved: Vec<&str> = self
                .sources_of(name)
                .filter(|(source, rule)| match rule {
                    Rule::Unverified | Rule::ClientsAndUnverified => true,
                    Rule::Anybody => !self.is_verified(source),
                    Rule::Local | Rule::Clients | Rule::Nobody => false,
                })
                .map(|(source, _)| source.name)
                .collect();
            if !unproved.is_empty() {
                let unproved = unproved.join(", ");
                warnings.push(format!(
                    "{name} listens on {address}, beyond loopback, and takes events from anybody: {unproved}"
                ));
            }
        }
        warnings
    }

    /// Sources at a listener, with their rules.
    pub(super) fn sources_of<'a>(
        &'a self,
        listener: &'a str,
    ) -> impl Iterator<Item = (&'static Source, Rule)> + 'a {
        let sources = self.pipeline.sources.iter();
        let here = sources.filter(move |source| match source.intake {
            // Its JSON goes to the other one.
            Intake::Grpc { .. } => true,
            Intake::Post { .. } => listener != "grpc",
        });
        here.map(move |source| (source, self.rule(source, listener)))
    }

    /// True if a webhook's requests have to prove where they come from.
    pub(super) fn is_verified(&self, source: &Source) -> bool {
        let unverified = self.config.unverified.opens(source.name);
        match &source.intake {
            Intake::Post { verify, .. } => {
                verify.is_some() && source.auth == Auth::None && !unverified
            }
            Intake::Grpc { .. } => false,
        }
    }
}
