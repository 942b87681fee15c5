//! Changes of contracts from the base to the model: what is harmless, meant, retired or refused.

use std::collections::{BTreeMap, BTreeSet};

use super::alike;
use super::change::{Change, Verdict};
use super::contract::kind::{Harm, Kind};
use super::contract::kinds;
use super::contract::lifted;
use super::follows::{counterpart, follows};
use super::late;
use super::lock::Lock;
use crate::base::refusal::{Place, Refusal};
use crate::model::Model;
use crate::rules::contracts::{ACCEPTED, RETIRED};
use crate::store::store_of;

/// Ends the value of a retired table or column whose data is dropped by a migration.
pub(super) const DROPPED: &str = " dropped";

/// All changes of contracts, by key. Of a whole that is new or gone, its parts are left out, and what follows from another
/// change is.
pub(crate) fn changes(base: &Lock, now: &Lock, model: &Model) -> Vec<Change> {
    // The lock of a former version of the generator has no contracts; whatever is declared now is released with it.
    if base.contracts.is_empty() {
        return Vec::new();
    }
    let keys: BTreeSet<&String> = base.contracts.keys().chain(now.contracts.keys()).collect();
    let changed = keys.into_iter().filter_map(|key| {
        let kind = kinds::of(key)?;
        let after = now.contracts.get(key);
        // Most facts stay as they are.
        if after.is_some() && base.contracts.get(key) == after {
            return None;
        }
        let former = counterpart(key, now, base);
        let before = base.contracts.get(key);
        let before = before.or_else(|| base.contracts.get(former.as_ref()?));
        let subject = kinds::subject(key);
        let wholes = (kind.part_of)(&subject);
        let is_retired = |event: &str| model.retired(event).is_some();
        let unbound = after.is_none() && late::unbinds(key, base, is_retired);
        if !unbound && follows(kind, &subject, base, now) {
            return None;
        }
        let harm = match (before, after) {
            (Some(before), Some(after)) if before == after => return None,
            (Some(before), Some(after)) => kind.changed.filter(|_| (kind.hurts)(before, after)),
            (None, Some(_)) if former.is_none() && wholes.iter().any(|whole| !has(base, whole)) => {
                return None;
            }
            (None, Some(_)) => kind.added,
            _ => {
                if kind.word == "reserved" && !lifted(key, &now.contracts) {
                    return None;
                }
                let lost = match counterpart(key, base, now) {
                    Some(successor) => now.contracts.contains_key(&successor),
                    None => wholes.iter().any(|whole| !has(now, whole)),
                };
                if lost {
                    return None;
                }
                kind.gone
            }
        };
        let verdict = match harm {
            None => Verdict::Harmless,
            Some(_) if after.is_none() && model.retired(key).is_some() => Verdict::Retired,
            Some(_) if unbound => Verdict::Retired,
            Some(harm) => Verdict::Refused(harm),
        };
        Some(Change {
            key: key.clone(),
            kind,
            before: before.cloned(),
            after: after.cloned(),
            verdict,
            accepted: String::new(),
        })
    });
    let mut changes: Vec<Change> = changed.collect();
    alike::name(&mut changes);
    for change in &mut changes {
        if let Verdict::Refused(harm) = change.verdict
            && model.accepted.iter().any(|meant| change.is(&meant.change))
        {
            change.verdict = Verdict::Accepted(harm);
        }
    }
    // Another destination needs other fields. That is told first, and they are told when it is meant.
    let is_moved = |queue: &str| {
        let into = format!("into {queue}");
        let refused = |change: &&Change| matches!(change.verdict, Verdict::Refused(_));
        changes
            .iter()
            .filter(refused)
            .any(|change| change.key == into)
    };
    let follows = |change: &Change| match kinds::subject(&change.key)[..] {
        [queue, ..] => change.kind.word == "required" && is_moved(queue),
        _ => false,
    };
    let stay: Vec<bool> = changes.iter().map(|change| !follows(change)).collect();
    let mut stay = stay.into_iter();
    changes.retain(|_| stay.next().unwrap_or(true));
    changes
}

/// Refusals of changes that hurt and aren't meant; those that are alike are one.
pub(crate) fn refusals(changes: &[Change], model: &Model) -> Vec<Refusal> {
    let mut told: BTreeMap<&str, (Harm, Vec<&Change>)> = BTreeMap::new();
    for change in changes {
        if let Verdict::Refused(harm) = change.verdict {
            let (_, changes) = told.entry(&change.accepted).or_insert((harm, Vec::new()));
            changes.push(change);
        }
    }
    told.into_values()
        .filter_map(|(harm, changes)| Some(refusal(&harm, changes.split_first()?, model)))
        .collect()
}

/// Number of changes that are named beside the first.
const SHOWN: usize = 6;

fn refusal(harm: &Harm, (first, others): (&&Change, &[&Change]), model: &Model) -> Refusal {
    let mut lines: Vec<String> = harm
        .told()
        .map(|(whom, how)| format!("{whom}: {how}"))
        .collect();
    if !others.is_empty() {
        let mut names: Vec<String> = others
            .iter()
            .take(SHOWN)
            .map(|change| format!("`{}`", kinds::subject(&change.key).join(" ")))
            .collect();
        if others.len() > SHOWN {
            names.push(format!("{} more", others.len() - SHOWN));
        }
        lines.push(format!("the same holds for {}", names.join(", ")));
    }
    lines.push(format!("instead: {}", harm.instead));
    let subject = kinds::subject(&first.key);
    if first.after.is_none() && !first.kind.retired_as.is_empty() {
        let (word, subject) = (first.kind.retired_as, subject.join(" "));
        lines.push(format!(
            "to retire it: `retired: [{{ {word}: {subject}, since: DATE, why: ... }}]`"
        ));
    }
    lines.push(format!(
        "if it is meant: `accepts: [{{ change: {}, why: ... }}]`",
        first.accepted
    ));
    Refusal {
        code: first.kind.rule.code,
        place: place(first, model),
        message: first.told(),
        help: lines.join("\n"),
    }
}

/// Where a change is to be mended: of the queue of a typed table, at the event types of the table.
fn place(change: &Change, model: &Model) -> Place {
    let subject = kinds::subject(&change.key);
    let derived = ["queue", "bind"].contains(&change.kind.word).then(|| {
        let queue = model
            .queues
            .iter()
            .find(|queue| queue.derived && Some(&queue.name.as_str()) == subject.first());
        queue.and_then(|queue| model.table_of(queue))
    });
    match derived.flatten() {
        Some(table) if !table.every_type => Place::Yaml(vec![
            "tables".to_owned(),
            table.name.clone(),
            "events".to_owned(),
        ]),
        _ => (change.kind.place)(&subject),
    }
}

/// Entries of `retired` that were never released or are declared as well, and those that are missing.
pub(crate) fn misretired(
    (base, now): (&Lock, &Lock),
    model: &Model,
    changes: &mut Vec<Change>,
) -> Vec<Refusal> {
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
    let entries = model.retired.iter().enumerate();
    for (at, retired) in entries.filter(|(_, retired)| !late::is_late(&retired.key)) {
        let key = &retired.key;
        let twice = model.retired.iter().take(at).any(|other| other.key == *key);
        if twice {
            let message = format!("`{key}` is retired twice");
            refuse(Some(at), message, "take one of both out");
        } else if has(now, key) {
            let message = format!("`{key}` is retired and declared as well");
            refuse(Some(at), message, "take one of both out");
        } else if !has(base, key)
            && !base.retired.contains_key(key)
            && !base.renamed.contains_key(key)
            && !base.contracts.is_empty()
        {
            let message = format!("`{key}` is retired and was never released");
            let word = key.split(' ').next();
            let meant = changes.iter().position(|change| {
                matches!(change.verdict, Verdict::Refused(_))
                    && change.after.is_none()
                    && word == Some(change.kind.word)
            });
            match meant.map(|at| changes.remove(at)) {
                Some(gone) => {
                    let help = format!("did you mean `{}`? That is gone", gone.key);
                    refuse(Some(at), message, &help);
                }
                None => refuse(Some(at), message, "correct its name, or take the entry out"),
            }
        }
    }
    let wholes = base.retired.iter();
    for (key, value) in wholes.filter(|(key, _)| !is_part(key, base) && !late::is_late(key)) {
        match known(now, key) {
            None if model.retired(key).is_none() => {
                let message = format!("`{key}` is in `retired` no more");
                let help = "put the entry back: servers that were not upgraded yet still have it";
                refuse(None, message, help);
            }
            Some(now) if model.retired(key).is_none() && !may_return(key, value, &now) => {
                let message = format!("`{key}` was retired and is declared again as another one");
                let help = "give it another name, and put the entry of `retired` back: servers still have the former one, \
                            with what is stored in it";
                refuse(None, message, help);
            }
            _ => {}
        }
    }
    refused.extend(late::refusals(base, now, model));
    refused
}

/// What stays known of what is retired: facts of the base that are retired now, or were before.
pub(crate) fn retired(base: &Lock, model: &Model) -> super::contract::Contracts {
    let mut kept = base.retired.clone();
    for retired in &model.retired {
        if late::is_late(&retired.key) {
            continue;
        }
        if let Some(value) = known(base, &retired.key) {
            kept.insert(retired.key.clone(), value);
        }
        if let Some(value) = kept.get_mut(&retired.key)
            && retired.drop
            && !value.ends_with(DROPPED)
        {
            value.push_str(DROPPED);
        }
    }
    for (key, value) in &base.contracts {
        // A path is retired with its source only, and answers differently from then on.
        let stays = |kind: &&Kind| !kind.retired_as.is_empty() || kind.word == "path";
        let Some(kind) = kinds::of(key).filter(stays) else {
            continue;
        };
        let wholes = (kind.part_of)(&kinds::subject(key));
        if wholes.iter().any(|whole| model.retired(whole).is_some()) {
            kept.insert(key.clone(), value.clone());
        }
    }
    late::keep(&mut kept, base, model);
    kept
}

/// True if a retired fact is known only as part of another one.
fn is_part(key: &str, base: &Lock) -> bool {
    kinds::of(key).is_some_and(|kind| {
        let wholes = (kind.part_of)(&kinds::subject(key));
        wholes.iter().any(|whole| base.retired.contains_key(whole))
            || late::unbinds(key, base, |event| base.retired.contains_key(event))
    })
}

/// True if what was retired can be declared again: it is in RabbitMQ, or a path, and is what it was. A table or a column is
/// full of rows that nobody remembers the meaning of.
fn may_return(key: &str, before: &str, now: &str) -> bool {
    let stored = ["table ", "column "]
        .iter()
        .any(|word| key.starts_with(word));
    !stored && before == now
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
        ["field", message, number] => {
            let key = (message.to_owned(), number.parse().ok()?);
            lock.fields.get(&key).map(|field| field.ty.clone())
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

/// Entries of `accepts` that name a change which there is, with another code; these changes are told by that alone.
pub(crate) fn misaccepted(changes: &mut Vec<Change>, model: &Model) -> Vec<Refusal> {
    let mut refused = Vec::new();
    for (at, accepted) in model.accepted.iter().enumerate() {
        let meant = |change: &Change| {
            let without_code = accepted.change.rsplit_once(' ').map(|(key, _)| key);
            change.key == accepted.change
                || without_code == Some(&change.key)
                || without_code == change.accepted.rsplit_once(' ').map(|(key, _)| key)
        };
        let is = |change: &&Change| matches!(change.verdict, Verdict::Refused(_)) && meant(change);
        let Some(change) = changes.iter().find(is) else {
            continue;
        };
        let name = change.accepted.clone();
        let mut help = format!("the change at hand: {}", change.told());
        if let Verdict::Refused(harm) = change.verdict {
            let told = harm.told().map(|(whom, how)| format!("\n{whom}: {how}"));
            help.extend(told);
        }
        refused.push(Refusal {
            code: ACCEPTED.code,
            place: Place::Yaml(vec!["accepts".to_owned(), format!("#{at}")]),
            message: format!("`{}` accepts another change of the same", accepted.change),
            help: format!("{help}\nif it is meant: `{name}`"),
        });
        changes.retain(|change| {
            change.accepted != name || !matches!(change.verdict, Verdict::Refused(_))
        });
    }
    refused
}
