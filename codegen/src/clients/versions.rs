//! The version of the libraries, which is one for all and follows what senders rely on: the released one, with a patch for other
//! words or other code, or a minor version for anything new that can be sent. However often a branch is generated, it is one step.

use std::fmt;
use std::path::Path;

use super::changelog::{self, Changes};
use crate::base::tree::Tree;
use crate::model::Model;
use crate::schema::history::History;

/// The file that holds the version.
const VERSION: &str = "clients/version.json";
/// The file that says what came with each version.
const CHANGELOG: &str = "clients/CHANGELOG.md";
/// The description, in which every word of the declarations is that senders read.
const DESCRIPTION: &str = "clients/openapi.json";

/// The version of the description until it is known.
pub(super) const UNKNOWN: &str = "0.0.0";

/// What is below `clients/` and isn't part of a library that is published.
const BESIDE: [&str; 8] = [
    "scenarios",
    "openapi",
    "test",
    "tests",
    "example",
    "examples",
    "driver",
    "README.md",
];

/// A version as libraries of each language may have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

/// The first version.
const FIRST: Version = Version {
    major: 1,
    minor: 0,
    patch: 0,
};

/// Adds the version and what came with it, and writes the version into the description.
pub(super) fn write(tree: &mut Tree, root: &Path, model: &Model, history: &History) {
    let released = history.released_file(root, VERSION);
    let released = released.as_deref().and_then(Version::read);
    let before = history.released_file(root, CHANGELOG).unwrap_or_default();
    let (version, changelog) = match released {
        None => (FIRST, changelog::first(FIRST, model)),
        Some(released) => {
            let changes = Changes::since(&history.base, model);
            let version = match changes.is_empty() {
                false => released.minor(),
                true if is_reworded(tree, root, released, history) => released.patch(),
                true => released,
            };
            let changelog = match version == released {
                true => before,
                false => changelog::prepend(&before, version, &changes),
            };
            (version, changelog)
        }
    };
    let described = tree.get(DESCRIPTION).map(|text| {
        let text = String::from_utf8_lossy(text);
        text.replacen(&member(UNKNOWN), &member(version), 1)
    });
    if let Some(described) = described {
        tree.add(DESCRIPTION, described);
    }
    tree.add(VERSION, format!("{{ {} }}\n", member(version)));
    tree.add(CHANGELOG, changelog);
}

/// True if a library has other words or other code than the released one, although senders can send the same.
fn is_reworded(tree: &Tree, root: &Path, released: Version, history: &History) -> bool {
    let described = tree.get(DESCRIPTION).map(String::from_utf8_lossy);
    let before = history.released_file(root, DESCRIPTION);
    let before = before.map(|text| text.replacen(&member(released), &member(UNKNOWN), 1));
    let reworded = described.is_some_and(|now| before.as_deref() != Some(&*now));
    let is_code = |path: &String| {
        let beside = path.split('/').any(|part| BESIDE.contains(&part));
        !beside && path != VERSION && path != CHANGELOG && tree.get(path).is_none()
    };
    reworded || history.changed_below(root, "clients").iter().any(is_code)
}

/// The version as a member of JSON.
fn member(version: impl fmt::Display) -> String {
    format!("\"version\": \"{version}\"")
}

impl Version {
    /// Reads the file.
    fn read(text: &str) -> Option<Self> {
        let file: serde_json::Value = serde_json::from_str(text).ok()?;
        let mut parts = file.get("version")?.as_str()?.split('.');
        let mut part = || parts.next()?.parse().ok();
        Some(Version {
            major: part()?,
            minor: part()?,
            patch: part()?,
        })
    }

    fn minor(self) -> Self {
        Version {
            minor: self.minor + 1,
            patch: 0,
            ..self
        }
    }

    fn patch(self) -> Self {
        Version {
            patch: self.patch + 1,
            ..self
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}
