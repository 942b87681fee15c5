//! Small projects in git repositories with branches.

use std::fs;
use std::path::Path;
use std::process::Command;

use event_grpc_codegen::base::tree::Tree;
use event_grpc_codegen::model::{Model, Root, Type};
use event_grpc_codegen::schema::history::History;
use event_grpc_codegen::schema::lock::LOCK;
use event_grpc_codegen::schema::plan::{Planned, plan};

use crate::project::{NOW, Project};
use crate::small::{self, column};

/// The small model, released on `main`.
pub(crate) fn on_main() -> Project {
    let project = Project::new();
    project.git(&["checkout", "--quiet", "-b", "main"]);
    project.run(&small::model(), NOW).unwrap();
    project.commit();
    project
}

/// The small model with more columns behind `country` in `event`.
pub(crate) fn with(names: &[&str]) -> Model {
    let mut model = small::model();
    for name in names.iter().rev() {
        let mut added = column(name, Type::String, Root::Now, Vec::new());
        added.from = model.tables[0].columns[5].from.clone();
        model.tables[0].columns.insert(6, added);
    }
    model
}

/// Plans and writes in a folder, against a base; says what was noted, or why it is refused.
pub(crate) fn run_in(
    root: &Path,
    base: Option<&str>,
    model: &Model,
    now: u64,
) -> Result<Vec<String>, String> {
    let history = History::since(root, base).map_err(|error| error.to_string())?;
    let planned: Planned = plan(model, &history, now).map_err(|refused| {
        let told = refused
            .iter()
            .map(|r| format!("{} {} ({})", r.code, r.message, r.help));
        told.collect::<Vec<_>>().join("\n")
    })?;
    let mut tree = Tree::default();
    for (path, sql) in planned.written {
        tree.add(path, sql);
    }
    for path in planned.removed {
        tree.remove(path);
    }
    tree.add(LOCK, planned.lock);
    tree.write(root).unwrap();
    Ok(planned.notes)
}

/// Runs in a project against the base that is found.
pub(crate) fn run(project: &Project, model: &Model, now: u64) -> Result<Vec<String>, String> {
    run_in(project.root(), None, model, now)
}

/// What the changes are compared with.
pub(crate) fn base(root: &Path) -> String {
    History::read(root).unwrap().told
}

/// Checks out a new branch, and commits a column of its own on it.
pub(crate) fn branch(project: &Project, name: &str, columns: &[&str], now: u64) {
    project.git(&["checkout", "--quiet", "-b", name]);
    run(project, &with(columns), now).unwrap();
    project.commit();
}

/// Runs git, which may fail, as a merge does that has conflicts. No editor is asked.
pub(crate) fn git(root: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["-c", "user.name=test", "-c", "user.email=test@example.com"])
        .args(["-c", "core.editor=true", "-c", "advice.detachedHead=false"])
        .args(arguments)
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    (output.status.success(), said.trim().to_owned())
}

/// Runs git in a folder; it must succeed.
pub(crate) fn git_in(root: &Path, arguments: &[&str]) -> String {
    let (well, said) = git(root, arguments);
    assert!(well, "git {arguments:?}: {said}");
    said
}

/// A clone of a project, beside it.
pub(crate) fn clone(project: &Project, options: &[&str]) -> Project {
    let clone = Project::plain();
    let from = format!("file://{}", project.root().display());
    let mut arguments = vec!["clone", "--quiet"];
    arguments.extend(options);
    arguments.extend([&*from, "."]);
    git_in(clone.root(), &arguments);
    clone
}

/// Replaces the lock by another text.
pub(crate) fn edit_lock(project: &Project, edit: impl FnOnce(&str) -> String) {
    fs::write(project.root().join(LOCK), edit(&project.lock())).unwrap();
}
