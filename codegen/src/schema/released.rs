//! The base: the commit whose state is released, which is the last one that the main branch has as well.

use std::path::Path;

use super::faults::{HistoryError, NOTHING};
use super::git::{commit, git, heads, is_checkout, short};

/// The folders of branches.
const REMOTE: &str = "refs/remotes/origin/";
const LOCAL: &str = "refs/heads/";

/// What changes are compared with.
#[derive(Debug)]
pub(super) enum Base {
    /// There are no commits to ask: the lock on disk. With what to say of it.
    Disk(Option<String>),
    /// Nothing was released.
    Nothing,
    /// A commit.
    Commit(Released),
}

/// The commit whose state is released.
#[derive(Debug)]
pub(super) struct Released {
    /// Its full name.
    pub(super) commit: String,
    /// What it is, for people.
    pub(super) told: String,
    /// What has to be said of the choice.
    pub(super) note: Option<String>,
    /// Branches whose migrations are released even if the commit doesn't have them.
    pub(super) tips: Vec<String>,
}

/// Finds it, or looks up the one that is named.
pub(super) fn find(root: &Path, named: Option<&str>) -> Result<Base, HistoryError> {
    if named == Some(NOTHING) {
        return Ok(Base::Nothing);
    }
    if !is_checkout(root) {
        return match named {
            Some(named) => Err(HistoryError::NoGit(named.to_owned())),
            None => Ok(Base::Disk(unreadable(root))),
        };
    }
    let (remote, local) = main_branch(root);
    if let Some(named) = named {
        let found = (!named.starts_with('-')).then(|| commit(root, named));
        let commit = found
            .flatten()
            .ok_or_else(|| HistoryError::NoCommit(named.to_owned()))?;
        return Ok(Base::Commit(Released {
            told: format!("{named} ({})", short(&commit)),
            commit,
            note: None,
            tips: remote.into_iter().collect(),
        }));
    }
    let heads = heads(root);
    if heads.is_empty() {
        return Ok(Base::Nothing);
    }
    let tips: Vec<String> = remote.or(local.clone()).into_iter().collect();
    let mut mains = tips.clone();
    mains.extend(local.filter(|local| !tips.contains(local)));
    let mut released = match mains.first() {
        None => without_main(root, &heads[0]),
        Some(main) => match latest(root, &mains, &heads) {
            Some((main, commit)) => common(root, &main, commit),
            None => apart(root, main, &heads[0]),
        },
    };
    released.tips = tips;
    Ok(Base::Commit(released))
}

/// The main branch, as the remote repository has it and as this one does: whatever `origin/HEAD` names, else `origin/main`,
/// `origin/master`, `main` or `master`.
fn main_branch(root: &Path) -> (Option<String>, Option<String>) {
    let head = format!("{REMOTE}HEAD");
    let named = git(root, &["symbolic-ref", "--quiet", &head]);
    let mut candidates: Vec<String> = named.iter().map(|name| name.trim().to_owned()).collect();
    for folder in [REMOTE, LOCAL] {
        candidates.extend(["main", "master"].map(|name| format!("{folder}{name}")));
    }
    let there = |name: &String| commit(root, name).is_some();
    let Some(name) = candidates.into_iter().find(there) else {
        return (None, None);
    };
    match name.strip_prefix(REMOTE) {
        Some(branch) => {
            let local = format!("{LOCAL}{branch}");
            (Some(name.clone()), Some(local).filter(there))
        }
        None => (None, Some(name)),
    }
}

/// A branch as people write it.
pub(super) fn branch(reference: &str) -> &str {
    let name = reference.strip_prefix(LOCAL);
    name.or_else(|| reference.strip_prefix("refs/remotes/"))
        .unwrap_or(reference)
}

/// The last commit that a main branch and what is checked out have in common, and which of the branches that is.
fn latest(root: &Path, mains: &[String], heads: &[String]) -> Option<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for main in mains {
        let bases = heads
            .iter()
            .filter_map(|head| git(root, &["merge-base", main, head]));
        found.extend(bases.map(|base| (main.clone(), base.trim().to_owned())));
    }
    let mut arguments = vec!["merge-base", "--independent"];
    arguments.extend(found.iter().map(|(_, base)| base.as_str()));
    let last = match found.len() {
        0 | 1 => return found.pop(),
        _ => git(root, &arguments)?,
    };
    let is_last = |(_, base): &(String, String)| last.lines().any(|line| line == base);
    found.iter().find(|found| is_last(found)).cloned()
}

fn common(root: &Path, main: &str, base: String) -> Released {
    let at = short(&base);
    let name = branch(main);
    let told = if commit(root, "HEAD").as_ref() == Some(&base) {
        "HEAD".to_owned()
    } else if commit(root, main).as_ref() == Some(&base) {
        format!("{name} ({at})")
    } else {
        format!("{at}, where the branch left {name}")
    };
    Released {
        commit: base,
        told,
        note: None,
        tips: Vec::new(),
    }
}

/// Nothing in common with the main branch is here, as in a shallow clone: its last commit counts.
fn apart(root: &Path, main: &str, head: &str) -> Released {
    let found = commit(root, main);
    let main = branch(main);
    let shallow = match is_shallow(root) {
        true => ": this clone is shallow; `git fetch --unshallow` brings the rest",
        false => "",
    };
    Released {
        told: format!("the tip of {main}"),
        note: Some(format!(
            "no commit that HEAD and {main} have in common is here{shallow}. Compared with the tip of {main}, so that what \
             is new there looks as if it was removed here"
        )),
        commit: found.unwrap_or_else(|| head.to_owned()),
        tips: Vec::new(),
    }
}

/// There is no main branch here, as in the clone of a single branch: what tells where it is counts, else the last commit.
fn without_main(root: &Path, head: &str) -> Released {
    let released = |commit: String, told: &str, note| Released {
        commit,
        told: told.to_owned(),
        note,
        tips: Vec::new(),
    };
    for folder in ["rebase-merge", "rebase-apply"] {
        let path = git(
            root,
            &["rev-parse", "--git-path", &format!("{folder}/onto")],
        );
        let onto = path.and_then(|path| std::fs::read_to_string(root.join(path.trim())).ok());
        if let Some(onto) = onto.and_then(|onto| commit(root, onto.trim())) {
            return released(onto, "the commit that is rebased onto", None);
        }
    }
    // A build server that checks out the merge of a pull request has the main branch as its first parent.
    let detached = git(root, &["symbolic-ref", "--quiet", "HEAD"]).is_none();
    if detached
        && commit(root, "HEAD^2").is_some()
        && let Some(first) = commit(root, "HEAD^1")
    {
        return released(first, "HEAD^1", None);
    }
    let why = match is_shallow(root) {
        true => {
            "this clone is shallow and has no main branch: compared with HEAD, so that what the branch itself changed is \
             not judged. Fetch it with its history (`git fetch --unshallow origin main`, or `fetch-depth: 0`)"
        }
        false => {
            "there is no main branch (origin/HEAD, main or master): compared with HEAD. `--base REV` names another commit"
        }
    };
    released(head.to_owned(), "HEAD", Some(why.to_owned()))
}

fn is_shallow(root: &Path) -> bool {
    let said = git(root, &["rev-parse", "--is-shallow-repository"]);
    said.is_some_and(|said| said.trim() == "true")
}

/// What to say if there is a repository and git doesn't answer.
fn unreadable(root: &Path) -> Option<String> {
    let full = std::fs::canonicalize(root).ok()?;
    let there = full.ancestors().any(|folder| folder.join(".git").exists());
    let answers = git(root, &["rev-parse", "--git-dir"]).is_some();
    (there && !answers).then(|| {
        "this is a checkout, and git isn't installed or doesn't answer here (`git status` says why): compared with \
         migrations/schema.lock as it is on disk"
            .to_owned()
    })
}
