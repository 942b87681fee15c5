//! Libraries for senders: a new event type is in each of them, and changes little else.

use std::collections::BTreeMap;

use event_grpc_codegen::base::tree::Tree;
use similar::{ChangeTag, TextDiff};

use crate::project::{HOUR, NOW};
use crate::walk::{PIPELINE, add_wishlist, declared, edit, write};

/// A library's folder, and what it calls the event's function or class and one of its fields.
const LIBRARIES: [(&str, &str, &str); 5] = [
    ("clients/typescript/", "wishlistAddedEvent", "listName"),
    ("clients/java/", "WishlistAddedEvent", "listName"),
    ("clients/python/", "WishlistAddedEvent", "list_name"),
    ("clients/go/", "WishlistAddedEvent", "ListName"),
    ("clients/rust/", "WishlistAddedEvent", "list_name"),
];

/// Files of a library, by path.
fn files<'t>(tree: &'t Tree, folder: &str) -> BTreeMap<String, &'t str> {
    let below = tree.files().filter(|(path, _)| path.starts_with(folder));
    below
        .map(|(path, text)| {
            let text = std::str::from_utf8(text).unwrap();
            (path.display().to_string(), text)
        })
        .collect()
}

#[test]
fn a_new_event_type_is_in_every_library_and_changes_little_else() {
    let project = declared();
    let before = write(&project, NOW);
    add_wishlist(&project);
    let after = write(&project, NOW + HOUR);
    for (folder, name, field) in LIBRARIES {
        let (before, after) = (files(&before, folder), files(&after, folder));
        let mut changed = 0;
        let mut diff = String::new();
        for (path, text) in &after {
            let old = before.get(path).copied().unwrap_or_default();
            let lines = TextDiff::from_lines(old, text);
            let lines = lines.iter_all_changes();
            let lines: String = lines
                .filter(|line| line.tag() != ChangeTag::Equal)
                .map(|line| line.value().to_owned())
                .collect();
            changed += usize::from(!lines.is_empty());
            diff.push_str(&lines);
        }
        assert!(diff.contains(name), "{folder} has no {name}:\n{diff}");
        assert!(diff.contains(field), "{folder} has no {field}:\n{diff}");
        assert!(
            diff.contains("Kept for later."),
            "{folder} has no comment:\n{diff}"
        );
        assert!(changed <= 5, "{changed} files of {folder} changed:\n{diff}");
        let lines = diff.lines().count();
        assert!(lines <= 200, "{lines} lines of {folder} changed:\n{diff}");
    }
}

#[test]
fn a_language_that_is_not_listed_has_no_files_and_those_that_were_there_go() {
    let project = declared();
    let events = project.root().join("clients/go/events");
    assert!(events.is_dir());
    let own = project.root().join("clients/go/client.go");
    std::fs::write(&own, "package eventgrpc\n").unwrap();
    edit(
        &project,
        PIPELINE,
        "clients: [openapi, typescript, java, python, go, rust]",
        "clients: [python]",
    );
    let tree = write(&project, NOW + HOUR);
    assert!(!files(&tree, "clients/python/").is_empty());
    assert!(files(&tree, "clients/go/").is_empty());
    assert!(!events.exists(), "the generated folder is left");
    assert!(own.exists(), "what was written by hand is gone");
}
