//! The walk that users make, over the project's own declarations: a new event type, then a typed table for it, then
//! second thoughts.

use std::fs;
use std::path::Path;

use event_grpc_codegen::base::tree::Tree;
use event_grpc_codegen::report::draw::{Style, render};
use event_grpc_codegen::{Failure, generate};

use crate::project::{HOUR, NOW, Project};

const PURCHASE: &str = "proto/event/purchase.proto";
const ENVELOPE: &str = "proto/event/envelope.proto";
pub(crate) const PIPELINE: &str = "pipeline.yaml";

/// The project's declarations, generated and committed.
pub(crate) fn declared() -> Project {
    let project = Project::new();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    copy(&from.join("proto"), &project.root().join("proto"));
    fs::copy(from.join(PIPELINE), project.root().join(PIPELINE)).unwrap();
    write(&project, NOW);
    project.commit();
    project
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

pub(crate) fn write(project: &Project, now: u64) -> Tree {
    let tree = generate(project.root(), now).unwrap();
    tree.write(project.root()).unwrap();
    assert_eq!(tree.check(project.root()).unwrap(), None);
    tree
}

/// Errors, as the command prints them.
pub(crate) fn mistakes(project: &Project) -> String {
    match generate(project.root(), NOW + HOUR) {
        Err(Failure::Mistakes(mistakes, sources)) => {
            let style = Style {
                colour: false,
                width: 110,
            };
            render(&mistakes, &sources, style)
        }
        Err(failure) => panic!("{failure}"),
        Ok(_) => panic!("it should be refused"),
    }
}

pub(crate) fn edit(project: &Project, file: &str, from: &str, to: &str) {
    let path = project.root().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from:?}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// Declares a new event type, `WishlistAddedEvent`.
pub(crate) fn add_wishlist(project: &Project) {
    edit(
        project,
        ENVELOPE,
        "    HostActionEvent hostActionEvent = 64;",
        "    HostActionEvent hostActionEvent = 64;\n    WishlistAddedEvent wishlistAddedEvent = 65;",
    );
    edit(
        project,
        PURCHASE,
        "// The client went on to the payment step.",
        "// Kept for later.\nmessage WishlistAddedEvent {\n  int64 productId = 4;\n  string listName = 5;\n  \
         bool isShared = 6;\n}\n\n// The client went on to the payment step.",
    );
}

fn text<'a>(tree: &'a Tree, path: &str) -> &'a str {
    std::str::from_utf8(tree.get(path).unwrap()).unwrap()
}

#[test]
fn a_new_event_type_needs_no_migration_and_a_table_of_its_own_one() {
    let project = declared();
    assert_eq!(project.names().len(), 1);
    add_wishlist(&project);
    let tree = write(&project, NOW + HOUR);
    assert_eq!(project.names().len(), 1);
    let envelope = text(&tree, "generated/envelope.rs");
    assert!(envelope.contains("WishlistAddedEvent"));
    let page = "generated/catalogue/events/purchase.md";
    assert!(text(&tree, page).contains("## WishlistAddedEvent"));
    assert!(
        project
            .lock()
            .contains("field event.Event 65 EventOf.wishlistAddedEvent event.WishlistAddedEvent\n")
    );
    project.commit();

    edit(
        &project,
        PIPELINE,
        "  shopify_event:\n    order_by",
        "  wishlist:\n    events: [WishlistAddedEvent]\n    engine: ReplacingMergeTree(insert_timestamp)\n    \
         order_by: [sent_timestamp, client, event_id]\n    queue: { dead_letter: grpc_event_error.dx }\n    columns:\n      \
         event_id: event.id\n      sent_timestamp: event.timestamp | epoch_millis\n      insert_timestamp: $now\n      \
         \"*\": payload\n    ignore: [header, event.currentURL]\n\n  shopify_event:\n    order_by",
    );
    let tree = write(&project, NOW + 2 * HOUR);
    let names = project.names();
    assert_eq!(names.len(), 2);
    assert_eq!(names[1], "20261123T231500_create_wishlist.sql");
    let sql = project.sql(&names[1]);
    for column in [
        "`product_id` Int64",
        "`list_name` String",
        "`is_shared` Bool",
    ] {
        assert!(sql.contains(column), "{sql}");
    }
    let queue = "generated/topology/queues/clickhouse_wishlist_q.rs";
    assert!(text(&tree, queue).contains("\"WishlistAddedEvent\""));
    assert!(text(&tree, "generated/migrations.rs").contains(&names[1]));
}

#[test]
fn a_refused_change_points_at_its_place() {
    let project = declared();
    edit(
        &project,
        PURCHASE,
        "  string reason = 9;",
        "  bytes reason = 9;",
    );
    edit(
        &project,
        PIPELINE,
        "order_by: [event_name, event_timestamp, id]",
        "order_by: [event_name, id]",
    );
    let shown = mistakes(&project);
    for part in [
        "EG102",
        "field 9 of `event.PurchaseFailedEvent`, `reason`, was `string` and is now `bytes`",
        "proto/event/purchase.proto:",
        "EG105",
        "`order_by` of table `shopify_event` was `event_name, event_timestamp, id` and is now `event_name, id`",
        "pipeline.yaml:",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    // Nothing was written.
    assert_eq!(project.names().len(), 1);
}

#[test]
fn deleting_generated_and_running_again_gives_the_same_bytes() {
    let project = declared();
    let before = generate(project.root(), NOW + HOUR).unwrap();
    fs::remove_dir_all(project.root().join("generated")).unwrap();
    let after = write(&project, NOW + 2 * HOUR);
    assert!(before == after);
}
