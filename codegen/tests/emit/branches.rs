//! Two branches that each add an event, as the README says, and are merged.

use std::fs;
use std::path::Path;
use std::process::Command;

use event_grpc_codegen::generate;
use event_grpc_codegen::schema::ancestors::SCHEMAS;
use event_grpc_codegen::schema::lock::{BadLock, LOCK, Lock};

use crate::project::{NOW, Project};

/// The last line of the oneof, behind which a new event goes.
const LAST: &str = "    HostActionEvent hostActionEvent = 64;\n";
pub(crate) const ENVELOPE: &str = "proto/event/envelope.proto";

/// The declarations of this project, generated and committed on a branch `main`.
pub(crate) fn project() -> Project {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let project = Project::new();
    project.git(&["checkout", "--quiet", "-b", "main"]);
    for part in [".gitattributes", "pipeline.yaml", "proto", "migrations"] {
        copy(&top.join(part), &project.root().join(part));
    }
    run(&project);
    project.commit();
    project
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

/// Generates, and says which files changed.
pub(crate) fn run(project: &Project) -> Vec<String> {
    let tree = generate(project.root(), NOW).unwrap();
    let changed = tree.write(project.root()).unwrap().into_iter();
    changed
        .map(|path| path.to_string_lossy().into_owned())
        .collect()
}

/// Declares an event behind what is in a proto file, with the next number.
pub(crate) fn add(project: &Project, file: &str, event: &str, number: u32) {
    let path = project.root().join(file);
    let before = fs::read_to_string(&path).unwrap();
    fs::write(
        path,
        format!("{before}\nmessage {event} {{\n  int64 productId = 1;\n}}\n"),
    )
    .unwrap();
    let path = project.root().join(ENVELOPE);
    let before = fs::read_to_string(&path).unwrap();
    let variant = format!("{LAST}    {event} {event} = {number};\n");
    fs::write(path, before.replace(LAST, &variant)).unwrap();
}

/// The files that git could not merge.
fn conflicts(project: &Project) -> Vec<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(project.root())
        .args(["diff", "--name-only", "--diff-filter=U"])
        .output()
        .unwrap();
    let names = String::from_utf8(output.stdout).unwrap();
    names.lines().map(str::to_owned).collect()
}

#[test]
fn a_new_event_changes_its_own_files_and_lists() {
    let project = project();
    add(&project, "proto/event/cart.proto", "GiftWrappedEvent", 65);
    let mut changed = run(&project);
    changed.sort();
    let (of_clients, changed): (Vec<String>, Vec<String>) = changed
        .into_iter()
        .partition(|path| path.starts_with("clients/"));
    // Libraries have a file for each file of the declarations.
    for other in ["account", "app.", "page", "product", "purchase", "search"] {
        let of_others = of_clients.iter().find(|path| path.contains(other));
        assert_eq!(of_others, None, "{of_clients:?}");
    }
    assert_eq!(
        changed,
        [
            "generated/catalogue.md",
            "generated/catalogue/events/cart.md",
            "generated/descriptors.binpb",
            "generated/envelope.rs",
            "generated/fingerprint.txt",
            "generated/proto/event.rs",
            "generated/shapes/event/event.rs",
            "generated/shapes/event/gift_wrapped_event.rs",
            "generated/shapes/event/mod.rs",
            "generated/views/event/event.rs",
            LOCK,
            SCHEMAS,
        ]
    );
}

#[test]
fn two_branches_that_add_an_event_conflict_in_its_number_and_in_nothing_that_is_text_beside_it() {
    let project = project();
    for (branch, file, event, number) in [
        ("gifts", "proto/event/cart.proto", "GiftWrappedEvent", 65),
        (
            "wishes",
            "proto/event/product.proto",
            "WishlistAddedEvent",
            66,
        ),
    ] {
        project.git(&["checkout", "--quiet", "main"]);
        project.git(&["checkout", "--quiet", "-b", branch]);
        add(&project, file, event, number);
        run(&project);
        project.commit();
    }
    // It fails, as there are conflicts.
    Command::new("git")
        .arg("-C")
        .arg(project.root())
        .args(["-c", "user.name=test", "-c", "user.email=test@example.com"])
        .args(["merge", "gifts"])
        .output()
        .unwrap();
    assert_eq!(
        conflicts(&project),
        ["generated/descriptors.binpb", ENVELOPE]
    );
    let path = project.root().join(ENVELOPE);
    let marked = fs::read_to_string(&path).unwrap();
    let (_, rest) = marked.split_once("<<<<<<< ").unwrap();
    let (conflict, _) = rest.split_once(">>>>>>> ").unwrap();
    assert_eq!(
        conflict.lines().count(),
        4,
        "one line of each side: {conflict}"
    );

    // Both lines stay, and what is generated is generated again.
    let both = marked.lines().filter(|line| {
        let mark = ["<<<<<<<", "=======", ">>>>>>>"];
        !mark.iter().any(|mark| line.starts_with(mark))
    });
    fs::write(&path, both.collect::<Vec<_>>().join("\n") + "\n").unwrap();
    run(&project);
    project.commit();
    let tree = generate(project.root(), NOW).unwrap();
    assert_eq!(tree.check(project.root()).unwrap(), None);
    let lock = project.lock();
    for event in ["GiftWrappedEvent", "WishlistAddedEvent"] {
        assert!(lock.contains(&format!("EventOf.{event} ")), "{lock}");
    }
}

#[test]
fn two_fields_of_one_number_are_seen_in_the_lock() {
    let lock = "field event.Event 65 EventOf.a event.A\nfield event.Event 65 EventOf.b event.B\n";
    let Err(BadLock::Contradiction { line, text, other }) = Lock::parse(lock) else {
        panic!("both are kept");
    };
    assert_eq!(line, 2);
    assert!(text.contains("event.B") && other.contains("event.A"));
    // A table may have any number of indexes; the same fact twice is left of a merge that nobody generated.
    let lock = "index t a\nindex t b\nvalue E 1 A\n";
    assert!(Lock::parse(lock).is_ok());
    let twice = Lock::parse(&format!("{lock}value E 1 A\n"));
    let text = "value E 1 A".to_owned();
    assert_eq!(twice, Err(BadLock::Twice { line: 4, text }));
}
