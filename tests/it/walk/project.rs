//! A copy of this project in which a user changes things: its files, its git, its builds.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// The copy's version. Cargo tells packages in a shared build directory apart by name and version and not by where
/// they lie, so that under this project's own version it would take the one's objects for the other's.
const VERSION: &str = "0.1.0-walk";

/// The copy. It is gone when this is dropped.
pub(super) struct Project {
    place: TempDir,
    /// Copies with the same version take turns in the build directory.
    _turn: File,
}

/// A file's content by its path from the project's root.
pub(super) type Files = BTreeMap<PathBuf, Vec<u8>>;

impl Project {
    /// Copies what belongs to this project, uncommitted files too, and commits all of it.
    pub(super) fn copy() -> Project {
        let turn = File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("walk.lock")).unwrap();
        turn.lock().unwrap();
        let project = Project {
            place: tempfile::tempdir().unwrap(),
            _turn: turn,
        };
        let original = Path::new(env!("CARGO_MANIFEST_DIR"));
        let listed = git(original)
            .args(["ls-files", "-z", "--cached", "--others"])
            .arg("--exclude-standard")
            .output();
        for path in text(succeeded(listed.unwrap())).split_terminator('\0') {
            let (from, to) = (original.join(path), project.path(path));
            // A file that was deleted and not committed is listed, and isn't there.
            if from.is_file() {
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                fs::copy(from, to).unwrap();
            }
        }
        project.edit("Cargo.toml", |manifest| {
            let own = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
            manifest.replacen(&own, &format!("version = \"{VERSION}\""), 1)
        });
        // Cargo.lock has the version too.
        succeeded(project.cargo(&["update", "--quiet", "--workspace"]));
        succeeded(project.git(&["init", "--quiet"]));
        project.commit();
        project
    }

    /// A path in the project.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.place.path().join("project").join(path)
    }

    /// A directory for a server's data, beside the project.
    pub(super) fn data(&self) -> PathBuf {
        self.place.path().join("data")
    }

    /// Content of a file.
    pub(super) fn read(&self, path: &str) -> String {
        let path = self.path(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Changes a file; a change that changes nothing is a mistake of the test.
    pub(super) fn edit(&self, path: &str, change: impl FnOnce(&str) -> String) {
        let before = self.read(path);
        let after = change(&before);
        assert_ne!(before, after, "the edit of {path} changes nothing");
        fs::write(self.path(path), after).unwrap();
    }

    /// Files below a folder.
    pub(super) fn files(&self, folder: &str) -> Files {
        let mut found = Files::new();
        let mut folders = vec![self.path(folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(self.path("")).unwrap().to_owned();
                    found.insert(name, fs::read(path).unwrap());
                }
            }
        }
        found
    }

    /// Commits everything.
    pub(super) fn commit(&self) {
        succeeded(self.git(&["add", "--all"]));
        succeeded(self.git(&["commit", "--quiet", "--message", "A step of the walk"]));
    }

    /// Changes since the last commit, as in `git status`: two letters and a path a line.
    pub(super) fn changes(&self) -> Vec<String> {
        let status = succeeded(self.git(&["status", "--porcelain", "--untracked-files=all"]));
        text(status).lines().map(str::to_owned).collect()
    }

    /// Takes back everything since the last commit.
    pub(super) fn restore(&self) {
        succeeded(self.git(&["reset", "--quiet", "--hard"]));
        succeeded(self.git(&["clean", "--quiet", "--force", "-d"]));
    }

    /// Runs git; the user's own settings don't matter.
    pub(super) fn git(&self, arguments: &[&str]) -> Output {
        let settings = [
            "user.name=walk",
            "user.email=walk@localhost",
            "commit.gpgsign=false",
            "core.hooksPath=/dev/null",
            "core.autocrlf=false",
        ];
        let mut git = git(&self.path(""));
        for setting in settings {
            git.args(["-c", setting]);
        }
        git.args(arguments).output().unwrap()
    }

    /// Runs cargo. What is not the project's own comes from this build; the programs are the copy's.
    pub(super) fn cargo(&self, arguments: &[&str]) -> Output {
        let build = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // Cargo sets these for the test's own package. Build scripts read them, and would build again what there is.
        let of_package =
            |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(of_package) {
                cargo.env_remove(name);
            }
        }
        cargo
            .args(arguments)
            .current_dir(self.path(""))
            .env("CARGO_BUILD_BUILD_DIR", build)
            .env("CARGO_TARGET_DIR", self.programs())
            .env("CARGO_NET_OFFLINE", "true")
            .output()
            .unwrap()
    }

    /// Runs `cargo xtask codegen` with these arguments, as it was last built.
    pub(super) fn codegen(&self, arguments: &[&str]) -> Output {
        Command::new(self.programs().join("debug/xtask"))
            .arg("codegen")
            .args(arguments)
            .current_dir(self.path(""))
            .output()
            .unwrap()
    }

    /// Builds the server, and says where it is.
    pub(super) fn server(&self) -> PathBuf {
        // Packages and kinds of targets decide about the features of dependencies. These are the ones that the tests
        // are built with, so that no dependency is built again; there are no examples.
        let features_of_tests = ["--workspace", "--examples"];
        let build = ["build", "--quiet", "--bin", "event-grpc"];
        succeeded(self.cargo(&[&build[..], &features_of_tests[..]].concat()));
        self.built()
    }

    /// The server that was built last.
    pub(super) fn built(&self) -> PathBuf {
        self.programs().join("debug/event-grpc")
    }

    fn programs(&self) -> PathBuf {
        self.place.path().join("target")
    }
}

/// git in a folder, whatever repository the environment (a hook's, say) names.
fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        git.env_remove(name);
    }
    git.arg("-C").arg(folder);
    git
}

/// The output of a command that must not fail.
pub(super) fn succeeded(output: Output) -> Output {
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Output of a command.
pub(super) fn text(output: Output) -> String {
    String::from_utf8(output.stdout).unwrap()
}
