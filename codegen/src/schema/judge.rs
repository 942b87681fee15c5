//! Changes of contracts from the base to the model: what is harmless, meant, retired or refused.

use std::collections::BTreeSet;

use super::contract::kind::{Harm, Kind};
use super::contract::kinds;
use super::contract::lifted;
use super::lock::Lock;
use crate::base::hash::hash;
use crate::base::refusal::{Place, Refusal};
use crate::model::Model;
use crate::rules::contracts::{ACCEPTED, RETIRED};
use crate::store::store_of;

/// Ends the value of a retired table or column whose data is dropped by a migration.
pub(super) const DROPPED: &str = " dropped";

/// A change of a fact.
pub(crate) struct Change {
    /// The fact: its kind and its subject.
    pub(crate) key: String,
    /// Its kind.
    pub(crate) kind: &'static Kind,
    /// Its value at the base; none if it is new.
    pub(crate) before: Option<String>,
    /// Its value now; none if it is gone.
    pub(crate) after: Option<String>,
    /// What becomes of it.
    pub(crate) verdict: Verdict,
}

/// What becomes of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It hurts nobody.
    Harmless,
    /// It hurts, and is meant.
    Accepted(Harm),
    /// The fact was retired.
    Retired,
    /// It hurts.
    Refused(Harm),
}

/// All changes of contracts, by key. Of a whole that is new or gone, its parts are left out.
pub(crate) fn changes(base: &Lock, now: &Lock, model: &Model) -> Vec<Change> {
    // The lock of a former version of the generator has no contracts; whatever is declared now is released with it.
    if base.contracts.is_empty() {
        return Vec::new();
    }
    let keys: BTreeSet<&String> = base.contracts.keys().chain(now.contracts.keys()).collect();
    let changed = keys.into_iter().filter_map(|key| {
        let kind = kinds::of(key)?;
        let (before, after) = (base.contracts.get(key), now.contracts.get(key));
        let subject = kinds::subject(key);
        let wholes = (kind.part_of)(&subject);
        let harm = match (before, after) {
            (Some(before), Some(after)) if before == after => return None,
            (Some(before), Some(after)) => kind.changed.filter(|_| (kind.hurts)(before, after)),
            (None, Some(_)) => kind
                .added
                .filter(|_| wholes.iter().all(|whole| has(base, whole))),
            _ => {
                if kind.word == "reserved" && !lifted(key, &now.contracts) {
                    return None;
                }
                if wholes.iter().any(|whole| !has(now, whole)) {
                    return None;
                }
                kind.gone
            }
        };
        // A column of another type is judged by its type.
        if harm.is_some() && kind.rule.code == "EG116" && retyped(base, now, &subject) {
            return None;
        }
        let mut change = Change {
            key: key.clone(),
            kind,
            before: before.cloned(),
            after: after.cloned(),
            verdict: Verdict::Harmless,
        };
        if let Some(harm) = harm {
            change.verdict = if after.is_none() && is_retired(model, key) {
                Verdict::Retired
            } else if model.accepted.iter().any(|a| a.change == change.accepted()) {
                Verdict::Accepted(harm)
            } else {
                Verdict::Refused(harm)
            };
        }
        Some(change)
    });
    changed.collect()
}

/// Refusals of changes that hurt and aren't meant.
pub(crate) fn refusals(changes: &[Change]) -> Vec<Refusal> {
    let refused = changes.iter().filter_map(|change| match change.verdict {
        Verdict::Refused(harm) => Some(change.refusal(&harm)),
        _ => None,
    });
    refused.collect()
}

/// Entries of `retired` that were never released or are declared as well, and those that are missing.
pub(crate) fn misretired(base: &Lock, now: &Lock, model: &Model) -> Vec<Refusal> {
    let mut refused = Vec::new();
    let mut refuse = |at: Option<usize>, message: String, help: &str| {
        let place = match at {
            Some(at) => vec!["retired".to_owned(), format!("#{at}")],
            None => vec!["retired".to_owned()],
        };
        refused.push(Refusal {
            code: RETIRED.code,
            place: Place::Yaml(place),
            message,
            help: help.to_owned(),
        });
    };
    for (at, retired) in model.retired.iter().enumerate() {
        let key = &retired.key;
        if has(now, key) {
            let message = format!("`{key}` is retired and declared as well");
            refuse(Some(at), message, "take one of both out");
        } else if !has(base, key) && !base.retired.contains_key(key) && !base.contracts.is_empty() {
            let message = format!("`{key}` is retired and was never released");
            refuse(Some(at), message, "correct its name, or take the entry out");
        }
    }
    for key in base.retired.keys().filter(|key| !is_part(key, base)) {
        if !is_retired(model, key) && !has(now, key) {
            let message = format!("`{key}` is in `retired` no more");
            let help = "put the entry back: servers that were not upgraded yet still have it";
            refuse(None, message, help);
        }
    }
    refused
}

/// What stays known of what is retired: facts of the base that are retired now, or were before.
pub(crate) fn retired(base: &Lock, model: &Model) -> super::contract::Contracts {
    let mut kept = base.retired.clone();
    for retired in &model.retired {
        if let Some(value) = known(base, &retired.key) {
            kept.insert(retired.key.clone(), value);
        }
        if let Some(value) = kept.get_mut(&retired.key) {
            if retired.drop && !value.ends_with(DROPPED) {
                value.push_str(DROPPED);
            }
        }
    }
    for (key, value) in &base.contracts {
        let Some(kind) = kinds::of(key).filter(|kind| !kind.retired_as.is_empty()) else {
            continue;
        };
        let wholes = (kind.part_of)(&kinds::subject(key));
        if wholes.iter().any(|whole| is_retired(model, whole)) {
            kept.insert(key.clone(), value.clone());
        }
    }
    kept
}

/// True if `retired` names the key, or what it is part of.
fn is_retired(model: &Model, key: &str) -> bool {
    model.retired.iter().any(|retired| retired.key == key)
}

/// True if a retired fact is known only as part of another one.
fn is_part(key: &str, base: &Lock) -> bool {
    kinds::of(key).is_some_and(|kind| {
        let wholes = (kind.part_of)(&kinds::subject(key));
        wholes.iter().any(|whole| base.retired.contains_key(whole))
    })
}

/// True if a lock knows a fact, a table, a column or a message.
fn has(lock: &Lock, key: &str) -> bool {
    known(lock, key).is_some()
}

/// The value of a fact; of a table its store, with the database if it isn't the usual one, of a column its type.
pub(super) fn known(lock: &Lock, key: &str) -> Option<String> {
    let words: Vec<&str> = key.split(' ').collect();
    match words[..] {
        ["table", name] => lock.tables.get(name).map(|table| {
            let store = store_of(table).name;
            format!("{store} {}", table.database).trim_end().to_owned()
        }),
        ["column", table, name] => {
            let columns = &lock.tables.get(table)?.columns;
            let column = columns.iter().find(|(column, _)| column == name)?;
            Some(column.1.clone())
        }
        ["message", name] => {
            let is = |(message, _): &(String, u32)| message == name;
            let of_enum = |(of, _): &(String, i32)| of == name;
            let found = lock.fields.keys().any(is) || lock.values.keys().any(of_enum);
            found.then(String::new)
        }
        _ => lock.contracts.get(key).cloned(),
    }
}

fn retyped(base: &Lock, now: &Lock, subject: &[&str]) -> bool {
    let [table, column, ..] = subject else {
        return false;
    };
    let key = format!("column {table} {column}");
    known(base, &key) != known(now, &key)
}

// === impl Change ===

impl Change {
    /// The text by which `accepts` names it: its key, and a code of both values.
    pub(crate) fn accepted(&self) -> String {
        let text = format!("{}\0{:?}\0{:?}", self.key, self.before, self.after);
        let code: String = hash(text.as_bytes()).chars().take(6).collect();
        format!("{} {code}", self.key)
    }

    /// One sentence without a full stop.
    pub(crate) fn told(&self) -> String {
        let title = (self.kind.title)(&kinds::subject(&self.key));
        match (self.before.as_deref(), self.after.as_deref()) {
            (Some(before), Some(after)) => format!("{title} was `{before}` and is now `{after}`"),
            (Some(_), None) => format!("{title} is gone"),
            _ => format!("{title} is new"),
        }
    }

    fn refusal(&self, harm: &Harm) -> Refusal {
        let hurt: Vec<String> = [
            ("senders", harm.senders),
            ("instances of the former build", harm.instances),
            ("messages in flight", harm.messages),
            ("stored rows", harm.rows),
        ]
        .into_iter()
        .filter(|(_, how)| !how.is_empty())
        .map(|(whom, how)| format!("{whom}: {how}"))
        .collect();
        let mut help = format!("{}. {}", hurt.join("; "), sentence(harm.instead));
        if self.after.is_none() && !self.kind.retired_as.is_empty() {
            let subject = kinds::subject(&self.key).join(" ");
            let word = self.kind.retired_as;
            help.push_str(&format!(
                ": `retired: [{{ {word}: {subject}, since: DATE, why: ... }}]`"
            ));
        }
        help.push_str(&format!(
            ". If it is meant: `accepts: [{{ change: {}, why: ... }}]`",
            self.accepted()
        ));
        Refusal {
            code: self.kind.rule.code,
            place: (self.kind.place)(&kinds::subject(&self.key)),
            message: self.told(),
            help,
        }
    }
}

/// Entries of `accepts` that name a change which there is, with another code.
pub(crate) fn misaccepted(changes: &[Change], model: &Model) -> Vec<Refusal> {
    let mut refused = Vec::new();
    for (at, accepted) in model.accepted.iter().enumerate() {
        let meant = |change: &&Change| {
            let with_code = accepted.change.rsplit_once(' ').map(|(key, _)| key);
            change.key == accepted.change || with_code == Some(&change.key)
        };
        let found = changes.iter().find(meant);
        if let Some(change) = found.filter(|c| matches!(c.verdict, Verdict::Refused(_))) {
            refused.push(Refusal {
                code: ACCEPTED.code,
                place: Place::Yaml(vec!["accepts".to_owned(), format!("#{at}")]),
                message: format!("`{}` accepts another change of the same", accepted.change),
                help: format!("for the change at hand write `{}`", change.accepted()),
            });
        }
    }
    refused
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
