//! Trees: written as a whole, compared without writing.

use std::fs;
use std::path::{Path, PathBuf};

use event_grpc_codegen::base::tree::Tree;

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::default();
    for (path, contents) in files {
        tree.add(*path, *contents);
    }
    tree
}

/// Files below a folder, with their contents.
fn found(root: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_owned();
                files.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn a_written_tree_is_up_to_date_and_writing_it_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree(&[
        ("generated/a.rs", "a\n"),
        ("generated/b/c.rs", "c\n"),
        ("migrations/x", ""),
    ]);
    assert!(tree.check(folder.path()).unwrap().is_some());
    assert_eq!(found(folder.path()), [], "a check writes nothing");
    assert_eq!(tree.write(folder.path()).unwrap().len(), 3);
    assert_eq!(tree.check(folder.path()).unwrap(), None);
    assert!(tree.write(folder.path()).unwrap().is_empty());

    let before = found(folder.path());
    fs::remove_dir_all(folder.path().join("generated")).unwrap();
    tree.write(folder.path()).unwrap();
    assert_eq!(found(folder.path()), before);
}

#[test]
fn a_check_shows_what_differs_what_is_missing_and_what_is_left_over() {
    let folder = tempfile::tempdir().unwrap();
    tree(&[
        ("generated/a.rs", "one\ntwo\n"),
        ("generated/old/b.rs", "b\n"),
    ])
    .write(folder.path())
    .unwrap();
    let tree = tree(&[("generated/a.rs", "one\n2\n"), ("generated/c.rs", "c\n")]);
    let before = found(folder.path());
    let diff = tree.check(folder.path()).unwrap().unwrap();
    assert_eq!(found(folder.path()), before);
    for part in [
        "--- a/generated/a.rs\n+++ b/generated/a.rs\n",
        "-two\n+2\n",
        "--- /dev/null\n+++ b/generated/c.rs\n",
        "--- a/generated/old/b.rs\n+++ /dev/null\n",
    ] {
        assert!(diff.contains(part), "{diff}");
    }
}

#[test]
fn writing_removes_what_is_left_over_in_generated_only() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for path in [
        "generated/old/b.rs",
        "generated/.hidden",
        "migrations/mine.sql",
        "migrations/gone.sql",
    ] {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), "x").unwrap();
    }
    let mut tree = tree(&[("generated/a.rs", "a\n")]);
    tree.remove("migrations/gone.sql");
    tree.write(root).unwrap();
    let names: Vec<_> = found(root).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            Path::new("generated/a.rs"),
            Path::new("migrations/mine.sql")
        ]
    );
    assert!(!root.join("generated/old").exists());
}

#[test]
fn a_file_that_is_not_text_differs_without_lines() {
    let folder = tempfile::tempdir().unwrap();
    let mut tree = Tree::default();
    tree.add("generated/d.binpb", vec![0xff, 0xfe, 0x00]);
    tree.write(folder.path()).unwrap();
    tree.add("generated/d.binpb", vec![0xff, 0xfe, 0x01]);
    let diff = tree.check(folder.path()).unwrap().unwrap();
    assert_eq!(
        diff,
        "Binary files a/generated/d.binpb and b/generated/d.binpb differ\n"
    );
}

#[test]
fn nothing_takes_its_place_when_a_file_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    tree(&[("generated/a.rs", "old\n")]).write(root).unwrap();
    // A folder stands where a file's new version is put first.
    fs::create_dir_all(root.join("generated/.z.rs.new")).unwrap();
    let result = tree(&[("generated/a.rs", "new\n"), ("generated/z.rs", "z\n")]).write(root);
    assert!(result.is_err());
    assert_eq!(
        found(root),
        [(PathBuf::from("generated/a.rs"), "old\n".to_owned())]
    );
}
