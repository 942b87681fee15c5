//! Migrations that only a branch has: which of them stay, and what to say of those that don't.

use std::collections::{BTreeMap, BTreeSet};

use super::diff;
use super::history::{History, Own};
use super::lock::Lock;
use crate::base::hash::hash;
use crate::model::Model;
use crate::store::home::{Home, path};

/// True if the migrations that a database has beside the released ones make what is declared: a commit of the branch says
/// so, which knew all that is released, and nothing in them or in the tables has changed since.
pub(super) fn is_up_to_date(
    home: &Home,
    pending: &[&String],
    history: &History,
    now: &Lock,
    model: &Model,
) -> bool {
    let is_ours = |name: &&String| home.file(name).is_some();
    let last = last_released(home, history);
    let in_order = pending.iter().all(|name| Some(*name) > last);
    let says_so = |own: &Own| {
        own.lock.as_ref().is_some_and(|lock| {
            let same = |name: &String| {
                let sql = history.files.get(name);
                sql.map(|sql| hash(sql.as_bytes())).as_ref() == lock.migrations.get(name)
            };
            let knows = |name: &String| lock.migrations.contains_key(name);
            let (diffs, _) = diff::diff(lock, now, model);
            history.hashes.keys().filter(is_ours).all(knows)
                && lock.migrations.keys().filter(is_ours).all(same)
                && pending.iter().all(|name| knows(name))
                && !diffs.contains_key(home)
        })
    };
    !pending.is_empty() && in_order && history.own.iter().any(says_so)
}

/// The name that a migration may keep: of one that isn't committed, or of one that is and doesn't change. A migration that
/// a branch has committed and that changes gets another name, as servers refuse another text under a name that they know.
pub(super) fn name(
    home: &Home,
    pending: &[&String],
    history: &History,
    sql: impl Fn(&str) -> String,
) -> Option<String> {
    let last = last_released(home, history);
    let later = || pending.iter().filter(|name| Some(**name) > last);
    let same = |name: &&&String| history.files.get(**name) == Some(&sql(name));
    let fresh = |name: &&&String| !is_own(name, history);
    let found = later().find(same).or_else(|| later().find(fresh));
    found.map(|name| (*name).clone())
}

/// Statements without those of migrations that the main branch has after the base.
pub(super) fn without_released(statements: &[String], history: &History) -> Vec<String> {
    let released: Vec<&String> = history
        .ahead
        .iter()
        .filter_map(|name| history.files.get(name))
        .collect();
    let is_new = |statement: &&String| {
        let line = format!("\n{statement};\n");
        !released.iter().any(|sql| sql.contains(&line))
    };
    statements.iter().filter(is_new).cloned().collect()
}

/// What to know of migrations of the branch that change or go, and of those of people that come too early.
pub(super) fn notes(
    history: &History,
    files: &BTreeMap<String, String>,
    pending: &BTreeSet<String>,
) -> Vec<String> {
    let changed = pending.iter().filter(|name| {
        let before = history.files.get(*name);
        is_own(name, history) && files.get(*name) != before
    });
    let mut notes: Vec<String> = changed
        .map(|name| {
            format!(
                "{} is in a commit of this branch and isn't released: it is generated anew, with the changes since. A server \
                 on which this branch was tried and that has applied it keeps what it made, and applies the new one beside \
                 that; drop its database, or undo there by hand what isn't declared any more",
                path(name).display()
            )
        })
        .collect();
    let own = files
        .keys()
        .filter(|name| !history.committed.contains(*name) && !pending.contains(*name));
    for name in own {
        let folder = |name: &str| path(name).parent().map(|folder| folder.to_owned());
        let later = history.committed.iter().rfind(|other| {
            folder(other) == folder(name) && *other > name && history.files.contains_key(*other)
        });
        if let Some(later) = later {
            notes.push(format!(
                "{} was written by hand, isn't released and comes before {}, which is: new servers would apply them in \
                 another order than others. Give it a later name",
                path(name).display(),
                path(later).display()
            ));
        }
    }
    notes
}

/// The last released migration of a database.
fn last_released<'a>(home: &Home, history: &'a History) -> Option<&'a String> {
    let there = |name: &&String| home.file(name).is_some() && history.files.contains_key(*name);
    history.committed.iter().rfind(there)
}

/// True if a commit that isn't released has the migration.
fn is_own(name: &str, history: &History) -> bool {
    history.own.iter().any(|own| own.names.contains(name))
}
