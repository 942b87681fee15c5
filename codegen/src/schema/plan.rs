//! The migrations that a run has to write, and the lock file.
//!
//! What is committed is never edited. What isn't committed yet is written anew in each run, under the name that
//! it has, so that a change that is being worked on stays one migration.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::cause;
use super::diff::{self, Diff};
use super::history::History;
use super::ids;
use super::judge::{self, Change};
use super::lock::{LOCK, Lock};
use crate::base::hash::hash;
use crate::base::header::HEADER;
use crate::base::refusal::{Place, Refusal};
use crate::base::time::stamp;
use crate::base::tree::Tree;
use crate::model::Model;
use crate::rules::contracts::MEANING;
use crate::rules::history::{CLOCK, COLUMN_TYPE, MIGRATION_EDITED};
use crate::store::VERSION;
use crate::store::home::{Home, path};

/// The migrations after a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Planned {
    /// All files: name, as [`name_of`](crate::store::home::name_of) gives it, and SQL. Those of each database are in the order in which they
    /// apply.
    pub files: BTreeMap<String, String>,
    /// Those of them that have to be written.
    pub written: BTreeMap<PathBuf, String>,
    /// Files of former runs that are not needed any more.
    pub removed: BTreeSet<PathBuf>,
    /// The lock file.
    pub lock: String,
    /// Changes that are worth a word: those that need no migration, and those whose migration costs much.
    pub notes: Vec<String>,
}

/// The base and the model, compared.
pub(crate) struct Compared {
    /// The facts of the model.
    pub(crate) now: Lock,
    /// Changes of contracts.
    pub(crate) changes: Vec<Change>,
    /// Changes of tables.
    pub(crate) diffs: diff::Diffs,
    /// What is refused.
    pub(crate) refused: Vec<Refusal>,
    /// Changes that need no migration and are worth a word.
    pub(crate) notes: Vec<String>,
}

/// Compares the facts of the base with those of a model.
pub(crate) fn compare(model: &Model, history: &History) -> Compared {
    let base = &history.base;
    let mut now = Lock::of(model);
    now.retired = judge::retired(base, model);
    let mut changes = judge::changes(base, &now, model);
    let mut refused = judge::misaccepted(&mut changes, model);
    refused.extend(judge::misretired((base, &now), model, &mut changes));
    refused.extend(judge::refusals(&changes, model));
    let (diffs, more) = diff::diff(base, &now, model);
    // A column of another type is told by its type.
    refused.retain(|one| {
        let retyped = |other: &Refusal| other.code == COLUMN_TYPE.code && other.place == one.place;
        one.code != MEANING.code || !more.iter().any(retyped)
    });
    let more = more
        .into_iter()
        .filter(|refusal| !cause::is_told(refusal, &changes, base, &now));
    refused.extend(more);
    let notes = ids::changes(base, &now);
    Compared {
        now,
        changes,
        diffs,
        refused,
        notes,
    }
}

/// Decides which migrations there have to be. `now` is in seconds since the epoch.
pub fn plan(model: &Model, history: &History, now: u64) -> Result<Planned, Vec<Refusal>> {
    let Compared {
        diffs,
        mut refused,
        now: lock,
        ..
    } = compare(model, history);
    refused.extend(edited(history));

    let mut planned = Planned::default();
    let mut pending = Vec::new();
    for (name, sql) in &history.files {
        // A file that a person wrote is theirs, committed or not.
        if history.committed.contains(name) || !sql.starts_with(&heading()) {
            planned.files.insert(name.clone(), sql.clone());
        } else {
            pending.push(name.clone());
        }
    }
    for (home, found) in &diffs {
        refused.extend(planned.add(home, found, &pending, now));
    }
    planned.removed = pending
        .iter()
        .map(|name| path(name))
        .filter(|path| !planned.written.contains_key(path))
        .collect();

    if !refused.is_empty() {
        return Err(refused);
    }
    let mut lock = lock;
    lock.migrations = planned
        .files
        .iter()
        .map(|(name, sql)| (name.clone(), hash(sql.as_bytes())))
        .collect();
    planned.lock = lock.render();
    planned.notes = ids::changes(&history.base, &lock);
    planned
        .notes
        .extend(diffs.into_values().flat_map(|found| found.costs));
    Ok(planned)
}

impl Planned {
    /// Adds to a tree what has to be written and removed, and the notes.
    pub(crate) fn write(self, tree: &mut Tree) {
        for (path, sql) in self.written {
            tree.add(path, sql);
        }
        for path in self.removed {
            tree.remove(path);
        }
        tree.add(LOCK, self.lock);
        self.notes.into_iter().for_each(|note| tree.note(note));
    }

    /// Adds the migration that makes these changes, under the name that it may have already.
    fn add(&mut self, home: &Home, found: &Diff, pending: &[String], now: u64) -> Option<Refusal> {
        let ours = |name: &&String| home.file(name).is_some();
        let last = self.files.keys().rfind(ours).cloned();
        let kept = pending
            .iter()
            .filter(ours)
            .find(|name| Some(*name) > last.as_ref())
            .cloned();
        let name = kept.unwrap_or_else(|| home.name(&file_name(now, &found.what)));
        let sql = render(&found.statements).replace(VERSION, version(&name));
        self.written.insert(path(&name), sql.clone());
        let refused = last.filter(|last| *last >= name).map(|last| Refusal {
            code: CLOCK.code,
            place: Place::Nowhere,
            message: format!("a migration made now would come before {last}"),
            help: "set this machine's clock right and run the command again".into(),
        });
        self.files.insert(name, sql);
        refused
    }
}

/// Committed files that aren't what the lock says.
fn edited(history: &History) -> Vec<Refusal> {
    let mut refused = Vec::new();
    for (name, expected) in &history.base.migrations {
        let is = history.files.get(name).map(|sql| hash(sql.as_bytes()));
        if is.as_ref() != Some(expected) {
            refused.push(Refusal {
                code: MIGRATION_EDITED.code,
                place: Place::Nowhere,
                message: match is {
                    Some(_) => {
                        format!("{} is committed and was edited since", path(name).display())
                    }
                    None => format!(
                        "{} is committed and was removed since",
                        path(name).display()
                    ),
                },
                help: format!(
                    "restore it: git checkout HEAD -- {}; servers may have applied it already",
                    path(name).display()
                ),
            });
        }
    }
    refused
}

/// The first line of a file that the generator wrote.
fn heading() -> String {
    format!("-- {HEADER}\n")
}

fn render(statements: &[String]) -> String {
    let mut sql = heading();
    for statement in statements {
        sql.push('\n');
        sql.push_str(statement);
        sql.push_str(";\n");
    }
    sql
}

/// The time in the name of a migration.
fn version(name: &str) -> &str {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.split('_').next().unwrap_or(file)
}

/// `20261123T211500_create_event.sql`
fn file_name(now: u64, what: &[String]) -> String {
    let what = match what {
        [] => "change".to_owned(),
        [one] => one.clone(),
        [first, .., last] if what.len() == 2 => format!("{first}_{last}"),
        [first, ..] => format!("{first}_and_{}_more", what.len() - 1),
    };
    format!("{}_{what}.sql", stamp(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_what_it_does() {
        let what = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
            file_name(0, &names)
        };
        assert_eq!(what(&["create_event"]), "19700101T000000_create_event.sql");
        assert_eq!(
            what(&["create_a", "alter_b"]),
            "19700101T000000_create_a_alter_b.sql"
        );
        assert_eq!(
            what(&["create_a", "create_b", "alter_c"]),
            "19700101T000000_create_a_and_2_more.sql"
        );
    }
}
