//! The lock and the migrations that are released, and those on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

pub use super::faults::HistoryError;
use super::git::{changed, commit, heads, is_checkout, listed, short, show};
use super::lock::{LOCK, Lock};
use super::released::{self, Base, Released};
use super::restore::Restore;
use crate::base::hash::hash;
use crate::base::header::HEADER;
use crate::store::KINDS;
use crate::store::home::{folder, has_folders, name_of, path};

/// The migrations so far.
#[derive(Debug, Default)]
pub struct History {
    /// The lock of what is released.
    pub base: Lock,
    /// Names of the migrations that are released; see [`name_of`].
    pub committed: BTreeSet<String>,
    /// Migrations on disk: name and SQL.
    pub files: BTreeMap<String, String>,
    /// What the base is, for people.
    pub told: String,
    /// What has to be said of the choice of the base.
    pub notes: Vec<String>,
    /// Where files of what is released are.
    pub(super) place: Place,
    /// The revision from which a released migration can be restored, where that isn't `HEAD`.
    pub(super) revision: Option<String>,
    /// Hashes of the released migrations.
    pub(super) hashes: BTreeMap<String, String>,
    /// Those of them that came into the main branch after the base, and that this branch has as well.
    pub(super) ahead: BTreeSet<String>,
    /// The commits that only the branch has.
    pub(super) own: Vec<Own>,
}

/// Where files of what is released are.
#[derive(Debug, Default)]
pub(super) enum Place {
    /// Nothing is released.
    #[default]
    Nowhere,
    /// On disk.
    Disk,
    /// In this commit.
    Commit(String),
}

/// A commit that isn't released.
#[derive(Debug)]
pub(super) struct Own {
    /// Its lock, if it is one.
    pub(super) lock: Option<Lock>,
    /// Names of its migrations.
    pub(super) names: BTreeSet<String>,
}

impl History {
    /// Reads it; the base is what the main branch has as well. The text of `docs/changes.md` has the rules.
    pub fn read(root: &Path) -> Result<Self, HistoryError> {
        History::since(root, None)
    }

    /// Reads it with the named commit as the base, or with nothing.
    pub fn since(root: &Path, named: Option<&str>) -> Result<Self, HistoryError> {
        let files = sql_files(root)?;
        match released::find(root, named)? {
            Base::Disk(note) => History::on_disk(root, files, note),
            Base::Commit(released) => History::of_commit(root, files, released),
            Base::Nothing => {
                // What is committed stays even so.
                let committed = match is_checkout(root) {
                    true => commit(root, "HEAD").map_or_else(BTreeSet::new, |c| names(root, &c)),
                    false => files.keys().cloned().collect(),
                };
                Ok(History {
                    committed,
                    files,
                    told: "nothing".into(),
                    ..History::default()
                })
            }
        }
    }

    /// Without commits whatever the lock knows is released.
    fn on_disk(
        root: &Path,
        files: BTreeMap<String, String>,
        note: Option<String>,
    ) -> Result<Self, HistoryError> {
        let text = match std::fs::read_to_string(root.join(LOCK)) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => {
                return Err(HistoryError::Read {
                    path: LOCK.into(),
                    source,
                });
            }
        };
        let base = text.as_deref().map(Lock::parse).transpose()?;
        let restore = Restore::OnDisk;
        if base.is_none() && !files.is_empty() {
            return Err(restore.missing());
        }
        if base.as_ref() == Some(&Lock::default()) {
            return Err(restore.empty());
        }
        let base = base.unwrap_or_default();
        let generated = files.iter().filter(|(_, sql)| is_generated(sql));
        let names: BTreeSet<&String> = generated.map(|(name, _)| name).collect();
        let unknown = |name: &&&String| !base.migrations.contains_key(name.as_str());
        if let Some(name) = names.iter().find(unknown) {
            return Err(restore.lacks(name));
        }
        Ok(History {
            committed: base.migrations.keys().cloned().collect(),
            hashes: base.migrations.clone(),
            told: "migrations/schema.lock on disk".into(),
            place: Place::Disk,
            notes: note.into_iter().collect(),
            base,
            files,
            ..History::default()
        })
    }

    fn of_commit(
        root: &Path,
        files: BTreeMap<String, String>,
        released: Released,
    ) -> Result<Self, HistoryError> {
        let at = &released.commit;
        let committed = names(root, at);
        let restore = Restore::At {
            root,
            commit: at,
            told: &released.told,
            names: &committed,
        };
        let base = match show(root, at, LOCK) {
            Some(text) => Lock::parse(&text).map_err(|bad| restore.broken(&bad))?,
            None if committed.is_empty() && restore.never_was() => Lock::default(),
            None => return Err(restore.missing()),
        };
        if base == Lock::default() && show(root, at, LOCK).is_some() {
            return Err(restore.empty());
        }
        let mut hashes = base.migrations.clone();
        for name in committed
            .iter()
            .filter(|name| !base.migrations.contains_key(*name))
        {
            let sql = show(root, at, &path(name).to_string_lossy()).unwrap_or_default();
            if is_generated(&sql) {
                return Err(restore.lacks(name));
            }
            // A person's file that was committed without a run of the generator.
            hashes.insert(name.clone(), hash(sql.as_bytes()));
        }
        let is_head = commit(root, "HEAD").as_ref() == Some(at);
        let own = heads(root).into_iter().filter(|head| head != at);
        let own = own.map(|head| Own {
            lock: show(root, &head, LOCK).and_then(|text| Lock::parse(&text).ok()),
            names: names(root, &head),
        });
        let mut history = History {
            base,
            committed,
            files,
            own: own.collect(),
            hashes,
            revision: (!is_head).then(|| short(at).to_owned()),
            told: released.told,
            place: Place::Commit(at.clone()),
            notes: released.note.into_iter().collect(),
            ahead: BTreeSet::new(),
        };
        for tip in &released.tips {
            history.also_released(root, tip);
        }
        Ok(history)
    }

    /// A file as it is released, by its path from the project's root; none if there is none.
    pub(crate) fn released_file(&self, root: &Path, path: &str) -> Option<String> {
        match &self.place {
            Place::Nowhere => None,
            Place::Disk => std::fs::read_to_string(root.join(path)).ok(),
            Place::Commit(commit) => show(root, commit, path),
        }
    }

    /// Files below a folder that aren't as they are released, by their paths from the project's root. Without commits that can't
    /// be told, and there are none.
    pub(crate) fn changed_below(&self, root: &Path, folder: &str) -> BTreeSet<String> {
        match &self.place {
            Place::Nowhere | Place::Disk => BTreeSet::new(),
            Place::Commit(commit) => changed(root, commit, folder),
        }
    }

    /// Takes in the migrations on disk that a main branch has and the base hasn't, as after a cherry-pick or a squash.
    fn also_released(&mut self, root: &Path, tip: &str) {
        if self.files.keys().all(|name| self.committed.contains(name)) {
            return;
        }
        for name in names(root, tip) {
            if self.committed.contains(&name) || !self.files.contains_key(&name) {
                continue;
            }
            let file = path(&name);
            let sql = show(root, tip, &file.to_string_lossy()).unwrap_or_default();
            self.notes.push(format!(
                "{} is released: {} has it. Bring this branch up to date with it before the next change (git merge)",
                file.display(),
                released::branch(tip)
            ));
            self.hashes.insert(name.clone(), hash(sql.as_bytes()));
            self.ahead.insert(name.clone());
            self.committed.insert(name);
        }
    }

    /// True if a migration on disk stays as it is: it is released, or a person wrote it.
    pub(super) fn stays(&self, name: &str, sql: &str) -> bool {
        self.committed.contains(name) || !is_generated(sql)
    }
}

/// The first line of a file that the generator wrote.
pub(super) fn heading() -> String {
    format!("-- {HEADER}\n")
}

/// True if the generator wrote it.
fn is_generated(sql: &str) -> bool {
    sql.starts_with(&heading())
}

/// Names of the migrations of a commit.
fn names(root: &Path, commit: &str) -> BTreeSet<String> {
    let listed = listed(root, commit);
    let files = listed.iter().filter(|path| path.ends_with(".sql"));
    files.filter_map(|path| name_of(path)).collect()
}

/// Every migration on disk: those of each kind of store, and of each of its databases in a folder of its own.
fn sql_files(root: &Path) -> Result<BTreeMap<String, String>, HistoryError> {
    let mut files = BTreeMap::new();
    let mut folders: Vec<String> = KINDS.iter().map(|kind| folder(kind.name)).collect();
    while let Some(folder) = folders.pop() {
        let failed = |path: String| move |source| HistoryError::Read { path, source };
        let entries = match std::fs::read_dir(root.join(&folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(folder)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(failed(folder.clone()))?;
            let file = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{folder}/{file}");
            if has_folders(&folder) && entry.path().is_dir() {
                folders.push(path);
            } else if let Some(name) = name_of(&path)
                && file.ends_with(".sql")
                && !file.starts_with('.')
            {
                let text = std::fs::read_to_string(entry.path()).map_err(failed(path))?;
                files.insert(name, text);
            }
        }
    }
    Ok(files)
}
