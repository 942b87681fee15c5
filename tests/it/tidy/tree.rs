//! The files of the repository, as they lie on the disk.

use std::fs;
use std::path::Path;

/// A text file.
pub(super) struct File {
    /// From the top of the repository, with `/` between its parts.
    pub(super) path: String,
    pub(super) text: String,
}

/// Folders that hold what was built or stored, and not what was written.
const SKIPPED: [&str; 4] = ["target", "data", "node_modules", "proptest-regressions"];

/// Text files of the repository, sorted by path.
pub(super) fn files() -> Vec<File> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(top, top, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

impl File {
    /// True if this is a Rust file of the module or package `folder`: in it, or beside it under its name.
    pub(super) fn is_rust_of(&self, folder: &str) -> bool {
        let rest = self.path.strip_prefix(folder);
        rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/') && rest.ends_with(".rs"))
    }

    /// Lines of the file that `wanted` selects, as `path:line: text`.
    pub(super) fn lines_where(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let lines = self
            .text
            .lines()
            .enumerate()
            .filter(|(_, line)| wanted(line));
        lines
            .map(|(at, line)| format!("{}:{}: {}", self.path, at + 1, line.trim()))
            .collect()
    }
}

fn walk(top: &Path, folder: &Path, found: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository can be read") {
        let path = entry.expect("an entry of a folder can be read").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let hidden = name.starts_with('.') && ![".ci", ".cargo", ".github"].contains(&name);
        if hidden || SKIPPED.contains(&name) {
            continue;
        }
        if path.is_dir() {
            walk(top, &path, found);
        } else if name != "Cargo.lock"
            // Binary files have no lines that a rule could be about.
            && let Ok(text) = fs::read_to_string(&path)
        {
            let path = path
                .strip_prefix(top)
                .expect("the walk began at the top")
                .to_string_lossy();
            found.push(File {
                path: path.replace('\\', "/"),
                text,
            });
        }
    }
}
