//! The migrations that a run has to write, and the lock file.
//!
//! What is released is never edited. What isn't is written anew in each run, so that a change that is being worked on stays
//! one migration, on disk and in the commits of its branch; see [`unreleased`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::cause;
use super::change::Change;
use super::contract::Contracts;
use super::diff::{self, Diff};
use super::drops;
use super::history::{History, heading};
use super::ids;
use super::indexes;
use super::judge;
use super::lock::{LOCK, Lock};
use super::rename::{self, Renames};
use super::unreleased;
use crate::base::hash::hash;
use crate::base::refusal::{Place, Refusal};
use crate::base::time::stamp;
use crate::base::tree::Tree;
use crate::model::Model;
use crate::rules::contracts::MEANING;
use crate::rules::history::{CLOCK, COLUMN_TYPE, MIGRATION_EDITED};
use crate::store::VERSION;
use crate::store::home::{Home, path};

/// Begins what a migration does that drops stored data.
const DROP: &str = "drop_";

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
    /// What is retired and not declared again.
    pub(crate) retired: Contracts,
    /// Former names of queues, and their bindings.
    pub(crate) renamed: Contracts,
    /// Changes that are worth a word: those that need no migration, and those whose migration costs much.
    pub notes: Vec<String>,
}

/// The base and the model, compared.
pub(crate) struct Compared<'a> {
    /// The base with the names of today, and what has another name.
    pub(crate) renames: Renames<'a>,
    /// The facts of the model.
    pub(crate) now: Lock,
    /// Changes of contracts.
    pub(crate) changes: Vec<Change>,
    /// Changes of tables.
    pub(crate) diffs: diff::Diffs,
    /// What drops stored data, because `retired` says so.
    pub(crate) drops: diff::Diffs,
    /// What is refused.
    pub(crate) refused: Vec<Refusal>,
    /// Changes that need no migration and are worth a word.
    pub(crate) notes: Vec<String>,
}

/// Compares the facts of the base with those of a model.
pub(crate) fn compare<'a>(model: &Model, history: &'a History) -> Compared<'a> {
    let mut now = Lock::of(model);
    let renames = rename::of(&history.base, &now, model);
    let base: &Lock = &renames.base;
    now.retired = judge::retired(base, model);
    rename::retire(base, model, &mut now.retired);
    now.renamed = rename::known(base, model);
    let mut changes = judge::changes(base, &now, model);
    let mut refused = judge::misaccepted(&mut changes, model);
    refused.extend(judge::misretired((base, &now), model, &mut changes));
    refused.extend(judge::refusals(&changes, model));
    let (mut diffs, more) = diff::diff(&history.base, &now, model);
    // A column of another type is told by its type.
    refused.retain(|one| {
        let retyped = |other: &Refusal| other.code == COLUMN_TYPE.code && other.place == one.place;
        one.code != MEANING.code || !more.iter().any(retyped)
    });
    let more = more
        .into_iter()
        .filter(|refusal| !cause::is_told(refusal, &changes, base, &now));
    refused.extend(more);
    refused.retain(|one| !renames.is_told(one));
    refused.extend(renames.refused.iter().cloned());
    rename::hint(base, &now, &mut refused);
    for (home, table, statement) in drops::loosened(base, model) {
        let found = diffs.entry(home).or_default();
        found.statements.push(statement);
        let what = format!("alter_{table}");
        if !found.what.contains(&what) {
            found.what.push(what);
        }
    }
    let drops = drops::drops(base, model);
    let mut notes = ids::changes(base, &now);
    notes.extend(indexes::costs(base, &now));
    Compared {
        renames,
        now,
        changes,
        diffs,
        drops,
        refused,
        notes,
    }
}

/// Decides which migrations there have to be. `now` is in seconds since the epoch.
pub fn plan(model: &Model, history: &History, now: u64) -> Result<Planned, Vec<Refusal>> {
    let Compared {
        diffs,
        drops,
        mut refused,
        now: lock,
        notes,
        ..
    } = compare(model, history);
    refused.extend(edited(history));

    let mut planned = Planned::default();
    let mut pending = BTreeSet::new();
    for (name, sql) in &history.files {
        match history.stays(name, sql) {
            true => drop(planned.files.insert(name.clone(), sql.clone())),
            false => drop(pending.insert(name.clone())),
        }
    }
    for (home, found) in &diffs {
        let ours = pending.iter().filter(|name| home.file(name).is_some());
        let pending: Vec<&String> = ours.filter(|name| !drops_data(name)).collect();
        if unreleased::is_up_to_date(home, &pending, history, &lock, model) {
            let kept = pending
                .into_iter()
                .filter_map(|name| history.files.get_key_value(name));
            planned
                .files
                .extend(kept.map(|(name, sql)| (name.clone(), sql.clone())));
        } else {
            refused.extend(planned.add(home, found, &pending, history, now));
        }
    }
    // They come last, and a second later, so that they can be left for another day.
    let pending_of = |home: &Home| -> Vec<&String> {
        let ours = pending.iter().filter(|name| home.file(name).is_some());
        ours.filter(|name| drops_data(name)).collect()
    };
    for (home, found) in &drops {
        let mut pending = pending_of(home);
        pending.retain(|name| !planned.is_overtaken(home, name));
        refused.extend(planned.add(home, found, &pending, history, now + 1));
    }
    let left = pending
        .iter()
        .filter(|name| !planned.files.contains_key(*name));
    planned.removed = left.map(|name| path(name)).collect();

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
    let declared_again = |key: &String| {
        let path = path_of(key);
        lock.contracts
            .keys()
            .any(|declared| declared == key || path.is_some() && path_of(declared) == path)
    };
    let retired = lock.retired.iter().filter(|(key, _)| !declared_again(key));
    planned.retired = retired.map(|(k, v)| (k.clone(), v.clone())).collect();
    planned.notes = history.notes.clone();
    planned.notes.extend(notes);
    planned.renamed.clone_from(&lock.renamed);
    planned
        .notes
        .extend(unreleased::notes(history, &planned.files, &pending));
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

    /// True if a migration that is written for the database would come behind this one.
    fn is_overtaken(&self, home: &Home, name: &String) -> bool {
        let written = |other: &String| self.written.contains_key(&path(other));
        let mut ours = self.files.keys().filter(|other| home.file(other).is_some());
        ours.any(|other| other > name && written(other))
    }

    /// Adds the migration that makes these changes, under the name that it may have already.
    fn add(
        &mut self,
        home: &Home,
        found: &Diff,
        pending: &[&String],
        history: &History,
        now: u64,
    ) -> Option<Refusal> {
        let statements = unreleased::without_released(&found.statements, history);
        if statements.is_empty() {
            return None;
        }
        let sql = |name: &str| render(&statements).replace(VERSION, version(name));
        let kept = unreleased::name(home, pending, history, sql);
        let name = match &kept {
            Some(name) => name.clone(),
            None => home.name(&file_name(now, &found.what)),
        };
        let sql = sql(&name);
        self.written.insert(path(&name), sql.clone());
        let last = self.files.keys().rfind(|name| home.file(name).is_some());
        let last = last.filter(|last| kept.is_none() && **last >= name);
        let refused = last.map(|last| Refusal {
            code: CLOCK.code,
            place: Place::Nowhere,
            message: format!("a migration made now would come before {last}"),
            help: "set this machine's clock right and run the command again".into(),
        });
        self.files.insert(name, sql);
        refused
    }
}

/// Released files that aren't what the lock says.
fn edited(history: &History) -> Vec<Refusal> {
    let mut refused = Vec::new();
    let revision = history.revision.as_deref().unwrap_or("HEAD");
    for (name, expected) in &history.hashes {
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
                    "restore it: git checkout {revision} -- {}; servers may have applied it already",
                    path(name).display()
                ),
            });
        }
    }
    refused
}

/// True if a migration was written for `data: drop`.
fn drops_data(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let what = file.split_once('_').map(|(_, what)| what);
    what.is_some_and(|what| what.starts_with(DROP))
}

/// The HTTP path in the key of a fact; none in that of another kind.
fn path_of(key: &str) -> Option<&str> {
    let of_path = key.strip_prefix("path ")?;
    of_path
        .split(' ')
        .nth(1)
        .map(|path| path.trim_end_matches('/'))
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
