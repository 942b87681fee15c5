//! Report on access: at start in the log, and at any time in `/readyz`. It names clients and no keys.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::files::Access;
use super::rule::Rule;

impl Access {
    /// State of the files, and how the senders of each source are authenticated; sources that are off take nothing.
    pub fn report(&self, off: &[(&'static str, String)]) -> Value {
        let in_force = self.in_force();
        let [bad_keys, bad_jwks] = self.bad();
        let (clients, live, certificates) = in_force.clients.counts();
        let keys = match (&self.config.keys, bad_keys) {
            (None, _) => json!("off"),
            (Some(_), bad) => file(
                json!({ "clients": clients, "live_keys": live, "live_certificates": certificates }),
                bad,
                &in_force.clients.odd,
            ),
        };
        let jwks = match &in_force.jwks {
            None => json!("off"),
            Some(jwks) => file(json!({ "public_keys": jwks.len() }), bad_jwks, &jwks.odd),
        };
        json!({ "keys": keys, "jwks": jwks, "sources": self.sources(off) })
    }

    /// Rule of each source; where it differs by listener, of each.
    fn sources(&self, off: &[(&'static str, String)]) -> Map<String, Value> {
        let mut by_source: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        for listener in &self.listeners {
            for (source, rule) in self.sources_of(listener.name) {
                let said = match rule {
                    Rule::Anybody if self.is_verified(source) => {
                        "authentication: proof of the webhook (`verify`), as the pipeline declares"
                    }
                    Rule::Anybody if self.config.unverified.opens(source.name) => {
                        Rule::Unverified.words()
                    }
                    rule => rule.words(),
                };
                let of_source = by_source.entry(source.name).or_default();
                of_source.push((listener.name, said));
            }
        }
        let said = by_source.into_iter().map(|(source, rules)| {
            let said = match rules.as_slice() {
                _ if off.iter().any(|(name, _)| *name == source) => {
                    json!("takes nothing: it is off")
                }
                [(_, first), rest @ ..] if rest.iter().all(|(_, said)| said == first) => {
                    json!(first)
                }
                rules => rules
                    .iter()
                    .map(|(name, said)| ((*name).to_owned(), json!(said)))
                    .collect(),
            };
            (source.to_owned(), said)
        });
        said.collect()
    }

    /// Logs what takes events without a key, and what a reviewer would object to.
    pub fn tell(&self) {
        let mut by_rule: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut closed = Vec::new();
        for listener in &self.listeners {
            for (source, rule) in self.sources_of(listener.name) {
                let named = || format!("{} ({})", source.name, listener.name);
                match rule {
                    Rule::Local => {
                        by_rule.entry(rule.words()).or_default().push(named());
                    }
                    Rule::Nobody => closed.push(named()),
                    // Those of --unverified are told where the option is read.
                    Rule::Unverified
                    | Rule::ClientsAndUnverified
                    | Rule::Anybody
                    | Rule::Clients => {}
                }
            }
        }
        for (rule, sources) in by_rule {
            tracing::info!(
                sources = sources.join(", "),
                rule,
                "Sources take events without a key."
            );
        }
        if !closed.is_empty() {
            tracing::warn!(
                sources = closed.join(", "),
                "Sources take no events: they want keys, and listen beyond loopback without a key file. Give one by --keys, \
                 or let anybody send by --unverified."
            );
        }
        for warning in self.warnings() {
            tracing::warn!(warning, "What listens is exposed.");
        }
    }
}

/// State of a file.
fn file(mut state: Value, bad: Option<String>, odd: &[String]) -> Value {
    if let Some(bad) = bad {
        state["bad"] = json!(bad);
    }
    if !odd.is_empty() {
        state["no_effect"] = json!(odd);
    }
    state
}
