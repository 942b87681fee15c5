//! `renamed_from`: what is declared under another name than at the base.
//!
//! The base is brought to the names of today, so that everything else that compares it with the declarations finds under a
//! new name what was there under the former one.

mod check;
mod hints;
mod names;
mod statements;

use std::borrow::Cow;

use super::contract::Contracts;
use super::judge;
use super::lock::Lock;
use crate::base::refusal::Refusal;
use crate::model::{Model, Renamed};
use crate::rules::contracts::{MEANING, TOPOLOGY};
use crate::rules::history::{COLUMN_GONE, COLUMN_TYPE, TABLE_GONE};
use crate::store::{FormerNames, dialect};

pub(crate) use crate::store::FORMER_NAME;
pub(crate) use hints::hint;
pub(crate) use statements::{before_drop, views};

/// Begins what the lock remembers of a former name that was retired.
pub(crate) const FORMER: &str = "former name of ";

/// What has another name than at the base.
pub(crate) struct Renames<'a> {
    /// The base with the names of today, and the former ones beside them.
    pub(crate) base: Cow<'a, Lock>,
    /// Renames that aren't released, tables first.
    pub(crate) new: Vec<Rename>,
    /// Former names that are taken away, as `retired` says.
    pub(crate) forgotten: Vec<Rename>,
    /// What is refused of them.
    pub(crate) refused: Vec<Refusal>,
    /// Keys of what is refused, with their former ones: what else is wrong with them follows from that.
    told: Vec<String>,
}

/// A rename, or a former name that goes.
pub(crate) struct Rename {
    /// What has the new name.
    pub(crate) renamed: Renamed,
    /// The table that it is or belongs to, by its name of today; none for a queue.
    pub(crate) table: Option<String>,
    /// Statements for the database of that table.
    pub(crate) statements: Vec<String>,
    /// What becomes of the former name in that database; none for a queue.
    pub(crate) former: Option<&'static FormerNames>,
}

// === impl Renames ===

impl Renames<'_> {
    /// Statements of the renames of a table and its columns.
    pub(crate) fn statements(&self, table: &str) -> Vec<String> {
        let of = |rename: &&Rename| rename.table.as_deref() == Some(table);
        let all = self.new.iter().filter(of);
        all.flat_map(|rename| rename.statements.clone()).collect()
    }

    /// True if a refusal only follows from a rename that is refused.
    pub(crate) fn is_told(&self, one: &Refusal) -> bool {
        let quoted: Vec<&str> = one.message.split('`').skip(1).step_by(2).collect();
        let follows = |key: &String| match key.split(' ').collect::<Vec<_>>()[..] {
            ["column", table, column] => {
                let codes = [COLUMN_GONE.code, COLUMN_TYPE.code, MEANING.code];
                codes.contains(&one.code) && quoted.starts_with(&[column, table])
            }
            ["table", name] => one.code == TABLE_GONE.code && quoted.first() == Some(&name),
            ["queue", name] => one.code == TOPOLOGY.code && quoted.first() == Some(&name),
            _ => false,
        };
        self.told.iter().any(follows)
    }

    /// Statements that take former names of a table and its columns away.
    pub(crate) fn forgotten(&self, table: &str) -> Vec<String> {
        let of = |rename: &&Rename| rename.table.as_deref() == Some(table);
        let all = self.forgotten.iter().filter(of);
        all.flat_map(|rename| rename.statements.clone()).collect()
    }
}

/// Compares the names of the base with those of a model, whose facts are `now`.
pub(crate) fn of<'a>(base: &'a Lock, now: &Lock, model: &Model) -> Renames<'a> {
    let mut renames = Renames {
        base: Cow::Borrowed(base),
        new: Vec::new(),
        forgotten: Vec::new(),
        refused: Vec::new(),
        told: Vec::new(),
    };
    for (at, renamed) in model.renamed.iter().enumerate() {
        match check::check(at, renamed, &renames.base, now, model) {
            Ok(true) => {
                renames.add(renamed, now, model);
                // The queue of a typed table is called after it.
                if let Some(queue) = statements::own_queue(renamed, &renames.base, now, model) {
                    renames.add(&queue, now, model);
                }
            }
            Ok(false) => {}
            Err(refused) => {
                // Of names that are exchanged or passed on, one is told.
                if !renames.told.contains(&renamed.key) {
                    renames.refused.push(refused.refusal);
                }
                renames.told.extend([renamed.key.clone(), renamed.former()]);
                // It is taken for what was meant, so that the rest is judged by itself.
                let fits = |meant: &Renamed| {
                    let (key, former) = (&meant.key, meant.former());
                    has(&renames.base, &former) && !has(&renames.base, key) && !has(now, &former)
                };
                if let Some(meant) = refused.meant.filter(fits) {
                    names::apply(&meant, renames.base.to_mut(), now);
                }
            }
        }
    }
    renames
        .refused
        .extend(check::taken(&renames.base, now, model));
    renames.forgotten = statements::forgotten(&renames.base, model);
    renames
}

impl Renames<'_> {
    fn add(&mut self, renamed: &Renamed, now: &Lock, model: &Model) {
        let (table, statements) = statements::of(renamed, &self.base, model);
        let found = model
            .tables
            .iter()
            .find(|of| Some(&of.name) == table.as_ref());
        let former = found.map(|found| dialect(found).former_names());
        names::apply(renamed, self.base.to_mut(), now);
        self.new.push(Rename {
            renamed: renamed.clone(),
            table,
            statements,
            former,
        });
    }
}

/// Former names that are known from now on: those that are not retired.
pub(crate) fn known(base: &Lock, model: &Model) -> Contracts {
    let mut kept = base.renamed.clone();
    for retired in &model.retired {
        kept.remove(&retired.key);
        if let Some(queue) = retired.key.strip_prefix("queue ") {
            let start = format!("bind {queue} ");
            kept.retain(|key, _| !key.starts_with(&start));
        }
    }
    kept
}

/// Adds former names that are retired to what is, with the bindings of queues.
pub(crate) fn retire(base: &Lock, model: &Model, retired: &mut Contracts) {
    for one in &model.retired {
        let Some(name) = base.renamed.get(&one.key) else {
            continue;
        };
        retired.insert(one.key.clone(), format!("{FORMER}{name}"));
        if let Some(queue) = one.key.strip_prefix("queue ") {
            let start = format!("bind {queue} ");
            let bindings = base.renamed.iter();
            let bindings = bindings.filter(|(key, _)| key.starts_with(&start));
            retired.extend(bindings.map(|(key, value)| (key.clone(), value.clone())));
        }
    }
}

/// True if a lock knows a fact, a table or a column.
fn has(lock: &Lock, key: &str) -> bool {
    judge::known(lock, key).is_some()
}
