//! Switches: event types, clients, sources and versions of apps that are off or sampled, from a file that is read again
//! when it changes.
//!
//! What a switch refuses is rejected with a reason of its own, which senders don't repeat, and is kept nowhere. Without a
//! switch a request costs one look at a pointer.

mod rule;
mod version;
mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::contract::{Envelope, Pipeline};
use crate::events::Event;
use crate::metrics::switches::{BAD, IN_FORCE, READ};
use crate::reread::{self, Seen};
use crate::yaml;
use rule::{Asked, Fields, Rule};

/// Maximum size of a file.
pub const LARGEST: u64 = 1 << 20;

/// Switches of an instance.
#[derive(Debug, Default)]
pub struct Switches {
    file: Option<(PathBuf, &'static Pipeline)>,
    in_force: ArcSwap<InForce>,
    state: Mutex<State>,
}

/// Content of the file that is in force.
#[derive(Debug, Default)]
struct InForce {
    rules: Vec<Rule>,
    /// Fields of the header, by source.
    fields: BTreeMap<&'static str, Fields>,
    /// What has no effect.
    odd: Vec<String>,
}

/// What is known of the file.
#[derive(Debug, Default)]
struct State {
    seen: Seen,
    /// Why the content that was read last isn't in force.
    bad: Option<String>,
}

/// The file can't be used.
#[derive(Debug, thiserror::Error)]
#[error("--switches {}: {reason}", path.display())]
pub struct StartError {
    path: PathBuf,
    reason: String,
}

/// What a check of a file found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Each switch, in words.
    pub switches: Vec<(String, String)>,
    /// What has no effect, with its line.
    pub odd: Vec<yaml::Wrong>,
}

/// Checks the text of a file.
///
/// # Errors
///
/// All that is wrong, with its line.
pub fn check(text: &str, pipeline: &Pipeline) -> Result<Checked, Vec<yaml::Wrong>> {
    let (written, odd) = written::read(text, pipeline)?;
    rule::fields(&written, pipeline).map_err(|what| vec![yaml::wrong(1, what)])?;
    let words = |switch: &written::Switch| (switch.name.clone(), switch.words());
    Ok(Checked {
        switches: written.switches.iter().map(words).collect(),
        odd,
    })
}

impl Switches {
    /// Reads the file, if there is one.
    ///
    /// # Errors
    ///
    /// If it can't be used: what it switches off must not come in.
    pub fn start(
        path: Option<PathBuf>,
        pipeline: &'static Pipeline,
    ) -> Result<Arc<Self>, StartError> {
        let Some(path) = path else {
            return Ok(Arc::default());
        };
        let switches = Switches {
            file: Some((path.clone(), pipeline)),
            ..Switches::default()
        };
        let read = switches.read(&mut switches.state());
        read.map_err(|reason| StartError { path, reason })?;
        Ok(Arc::new(switches))
    }

    /// Looks at the file at intervals, for as long as it is polled.
    pub async fn watch(self: Arc<Self>) {
        while self.file.is_some() {
            tokio::time::sleep(reread::INTERVAL).await;
            let switches = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || switches.look()).await;
            if let Err(error) = looked {
                tracing::error!(%error, "Looking at the switch file failed.");
            }
        }
    }

    /// Reads the file again if its content has changed. What can't be used changes nothing, and is told once.
    pub fn look(&self) {
        let mut state = self.state();
        let outcome = match self.read(&mut state) {
            Ok(false) => return,
            Ok(true) => {
                state.bad = None;
                "taken"
            }
            Err(reason) => {
                tracing::error!(
                    reason,
                    "The switch file has changed and can't be used; the one before stays in force."
                );
                state.bad = Some(reason);
                "bad"
            }
        };
        READ.with([outcome]).increment(1);
        BAD.set_to(state.bad.is_some());
    }

    /// Rejects those of a request's events that are switched off.
    pub fn apply(
        &self,
        source: &str,
        envelope: &Envelope,
        (header, client): (&[u8], &str),
        events: &mut [Event<'_>],
    ) {
        let in_force = self.in_force.load();
        if in_force.rules.is_empty() {
            return;
        }
        let Some(fields) = in_force.fields.get(source) else {
            return;
        };
        let asked = Asked::new(envelope, fields, header);
        let rules = in_force.rules.iter();
        for rule in rules.filter(|rule| rule.is_for(source, client)) {
            rule.refuse(&asked, events);
        }
    }

    /// The switch that refuses a webhook's message, if one does.
    pub fn of_message(&self, source: &str, client: &str) -> Option<Arc<str>> {
        let in_force = self.in_force.load();
        let applies = |rule: &&Rule| rule.switch.is_whole() && rule.is_for(source, client);
        let rule = in_force.rules.iter().find(applies)?;
        rule.count(1);
        Some(Arc::clone(&rule.name))
    }

    /// Why the file can't be used as it is, while the one before is in force.
    pub fn bad(&self) -> Option<String> {
        self.state().bad.clone()
    }

    /// What is in force and since when, for `/readyz`.
    pub fn report(&self) -> Value {
        if self.file.is_none() {
            return json!("off");
        }
        let in_force = self.in_force.load();
        let rules: Map<String, Value> = in_force
            .rules
            .iter()
            .map(|rule| {
                let since = DateTime::<Utc>::from(rule.since);
                let report = json!({
                    "does": rule.switch.words(),
                    "since": since.to_rfc3339_opts(SecondsFormat::Secs, true),
                    "refused": rule.refused.load(Ordering::Relaxed),
                    "reason": rule.switch.reason,
                });
                (rule.switch.name.clone(), report)
            })
            .collect();
        let mut report = json!({ "in_force": rules });
        if let Some(bad) = self.bad() {
            report["bad"] = json!(bad);
        }
        if !in_force.odd.is_empty() {
            report["no_effect"] = json!(in_force.odd);
        }
        report
    }

    /// Reads the file; true if it changed.
    fn read(&self, state: &mut State) -> Result<bool, String> {
        let Some((path, pipeline)) = &self.file else {
            return Ok(false);
        };
        let Some(text) = state.seen.changed(path, LARGEST)? else {
            return Ok(false);
        };
        let (written, odd) = written::read(&text, pipeline).map_err(|wrong| {
            let lines: Vec<String> = wrong.iter().map(ToString::to_string).collect();
            lines.join("; ")
        })?;
        let fields = rule::fields(&written, pipeline)?;
        let before = self.in_force.load_full();
        let changed = changed_at(path);
        let rules = written.switches.into_iter().map(|switch| {
            let mut known = before.rules.iter();
            let known = known.find(|rule| rule.switch == switch);
            Rule {
                name: switch.name.as_str().into(),
                since: known.map_or(changed, |rule| rule.since),
                refused: known
                    .map(|rule| Arc::clone(&rule.refused))
                    .unwrap_or_default(),
                switch,
            }
        });
        let now = InForce {
            rules: rules.collect(),
            fields,
            odd: odd.iter().map(ToString::to_string).collect(),
        };
        tell(&before, &now);
        self.in_force.store(Arc::new(now));
        Ok(true)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a file was changed, as far as that is known, and not in the future.
fn changed_at(path: &Path) -> SystemTime {
    let now = SystemTime::now();
    let changed = std::fs::metadata(path).and_then(|about| about.modified());
    changed.unwrap_or(now).min(now)
}

/// Logs, once each, the switches that are new or gone.
fn tell(before: &InForce, now: &InForce) {
    let is_in = |all: &InForce, rule: &Rule| all.rules.iter().any(|one| one.switch == rule.switch);
    for rule in before.rules.iter().filter(|rule| !is_in(now, rule)) {
        let name = &rule.switch.name;
        IN_FORCE.with([name.clone()]).set(0_u8);
        tracing::info!(switch = name, "A switch is in force no more.");
    }
    for rule in now.rules.iter().filter(|rule| !is_in(before, rule)) {
        let name = &rule.switch.name;
        IN_FORCE.with([name.clone()]).set(1_u8);
        let reason = rule.switch.reason.as_deref().unwrap_or_default();
        tracing::warn!(
            switch = name,
            does = rule.switch.words(),
            reason,
            "A switch is in force: what it applies to is refused."
        );
    }
    for odd in &now.odd {
        tracing::warn!(odd, "Something in the switch file has no effect.");
    }
}

#[cfg(test)]
mod tests;
