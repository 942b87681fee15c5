//! git: the commits of the repository that a project is in, and the files in them.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Output of git, run in the project's folder; none if it fails or isn't installed.
pub(super) fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(arguments)
        // A hook's environment names the repository that it runs for, which needn't be this one.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .env_remove("GIT_PREFIX")
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// True if the project is in a checkout. What an outer repository ignores is in no commit of it.
pub(super) fn is_checkout(root: &Path) -> bool {
    let inside = git(root, &["rev-parse", "--is-inside-work-tree"]);
    inside.is_some_and(|said| said.trim() == "true")
        && git(root, &["check-ignore", "--quiet", "pipeline.yaml"]).is_none()
}

/// The commit that a revision names.
pub(super) fn commit(root: &Path, revision: &str) -> Option<String> {
    let revision = format!("{revision}^{{commit}}");
    let arguments = [
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        &revision,
    ];
    git(root, &arguments).map(|said| said.trim().to_owned())
}

/// The commits that the files on disk come from: the last one, and the other side in the middle of a merge.
pub(super) fn heads(root: &Path) -> Vec<String> {
    let heads = ["HEAD", "MERGE_HEAD"].into_iter();
    heads.filter_map(|head| commit(root, head)).collect()
}

/// A commit's name as people write it.
pub(super) fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

/// A file of the project in a commit, by its path from the project's root.
pub(super) fn show(root: &Path, commit: &str, path: &str) -> Option<String> {
    git(root, &["show", &format!("{commit}:./{path}")])
}

/// The files of the project's migrations in a commit, by their paths from the project's root.
pub(super) fn listed(root: &Path, commit: &str) -> BTreeSet<String> {
    // Without --full-tree, paths are those below `root`.
    let arguments = [
        "ls-tree",
        "-r",
        "-z",
        "--name-only",
        commit,
        "--",
        "migrations",
    ];
    let listed = git(root, &arguments).unwrap_or_default();
    let paths = listed.split('\0').filter(|path| !path.is_empty());
    paths.map(str::to_owned).collect()
}

/// The files below a folder that differ from those of a commit, and those that are in none, by their paths from the project's root.
pub(super) fn changed(root: &Path, commit: &str, folder: &str) -> BTreeSet<String> {
    let differing = [
        "diff",
        "--name-only",
        "--no-renames",
        "--relative",
        "-z",
        commit,
        "--",
        folder,
    ];
    let unknown = [
        "ls-files",
        "--others",
        "--exclude-standard",
        "-z",
        "--",
        folder,
    ];
    let lists = [git(root, &differing), git(root, &unknown)];
    let lists: Vec<String> = lists.into_iter().flatten().collect();
    let paths = lists.iter().flat_map(|list| list.split('\0'));
    paths
        .filter(|path| !path.is_empty())
        .map(str::to_owned)
        .collect()
}
