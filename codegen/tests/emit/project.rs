//! A project in a folder of its own, with a real git repository where a test wants one.

use std::fs;
use std::path::Path;
use std::process::Command;

use event_grpc_codegen::base::refusal::Refusal;
use event_grpc_codegen::base::tree::Tree;
use event_grpc_codegen::model::{Model, Root, Type};
use event_grpc_codegen::schema::history::History;
use event_grpc_codegen::schema::lock::LOCK;
use event_grpc_codegen::schema::plan::{Planned, plan};
use event_grpc_codegen::store::home::FOLDER;
use tempfile::TempDir;

use crate::small::{self, column};

/// 2026-11-23 21:15:00 UTC
pub(crate) const NOW: u64 = 1_795_468_500;
pub(crate) const HOUR: u64 = 3600;

/// A project's folder.
pub(crate) struct Project {
    folder: TempDir,
}

impl Project {
    /// A folder without git.
    pub(crate) fn plain() -> Self {
        Project {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A git repository without a commit.
    pub(crate) fn new() -> Self {
        let project = Project::plain();
        project.git(&["init", "--quiet"]);
        project
    }

    /// A repository with the small model's migrations committed.
    pub(crate) fn committed() -> Self {
        let project = Project::new();
        project.run(&small::model(), NOW).unwrap();
        project.commit();
        project
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn git(&self, arguments: &[&str]) {
        let output = Command::new("git")
            .arg("-C")
            .arg(self.root())
            .args(["-c", "user.name=test", "-c", "user.email=test@example.com"])
            .args(arguments)
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE")
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {errors}");
    }

    pub(crate) fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--no-verify", "--message", "test"]);
    }

    pub(crate) fn plan(&self, model: &Model, now: u64) -> Result<Planned, Vec<Refusal>> {
        plan(model, &History::read(self.root()).unwrap(), now)
    }

    /// Plans and writes, as the command does.
    pub(crate) fn run(&self, model: &Model, now: u64) -> Result<(), Vec<Refusal>> {
        let planned = self.plan(model, now)?;
        let mut tree = Tree::default();
        for (path, sql) in planned.written {
            tree.add(path, sql);
        }
        for path in planned.removed {
            tree.remove(path);
        }
        tree.add(LOCK, planned.lock);
        tree.write(self.root()).unwrap();
        Ok(())
    }

    /// Names of the usual database's migrations on disk.
    pub(crate) fn names(&self) -> Vec<String> {
        self.names_of("")
    }

    /// Names of a database's migrations on disk.
    pub(crate) fn names_of(&self, database: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.root().join(FOLDER).join(database)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().unwrap().is_file())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub(crate) fn sql(&self, name: &str) -> String {
        fs::read_to_string(self.root().join(FOLDER).join(name)).unwrap()
    }

    pub(crate) fn lock(&self) -> String {
        fs::read_to_string(self.root().join(LOCK)).unwrap()
    }
}

/// The small model with a column more, behind `country` in `event`.
pub(crate) fn with_column(name: &str, ty: Type) -> Model {
    let mut model = small::model();
    let from = model.tables[0].columns[5].from.clone();
    let mut added = column(name, ty, Root::Now, Vec::new());
    added.from = from;
    added.doc = "A column; it's new.".into();
    model.tables[0].columns.insert(6, added);
    model
}

/// The codes and messages of what is refused.
pub(crate) fn refused(result: Result<(), Vec<Refusal>>) -> Vec<String> {
    let refusals = result.expect_err("it should be refused");
    assert!(refusals.iter().all(|r| !r.help.is_empty()));
    refusals
        .iter()
        .map(|r| format!("{} {}", r.code, r.message))
        .collect()
}
