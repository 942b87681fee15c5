//! A table that is there gets another sorting key: only if that is said, and by a migration that makes it anew.
//!
//! After a change that is meant: UPDATE_GOLDEN=1 cargo test -p event-grpc-codegen --test emit

use std::fs;
use std::path::Path;

use event_grpc_codegen::schema::lock::LOCK;

use crate::project::{HOUR, NOW, Project};
use crate::walk::{PIPELINE, declared, edit, mistakes, write};

const OLD: &str = "order_by: [event_name, event_timestamp, id]";
const NEW: &str = "order_by: [event_name, event_timestamp, client, id]";

/// The project after its table has another key, and what else is said beside it.
fn changed(key: &str, more: &str) -> Project {
    let project = declared();
    edit(&project, PIPELINE, OLD, &format!("{key}\n    {more}"));
    project
}

#[test]
fn without_a_word_it_is_refused_and_the_way_out_named() {
    let said = mistakes(&changed(NEW, ""));
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "EG105",
        "`order_by` of table `shopify_event` was `event_name, event_timestamp, id` and is now",
        "write `rebuilt_from: [event_name, event_timestamp, id]` beside it",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    // What is said must be true: this was not its key.
    let said = mistakes(&changed(NEW, "rebuilt_from: [event_name, id]"));
    assert!(said.contains("EG105"), "{said}");
}

#[test]
fn with_it_a_migration_makes_the_table_anew() {
    let project = changed(NEW, "rebuilt_from: [event_name, event_timestamp, id]");
    let tree = write(&project, NOW + HOUR);
    let names = project.names();
    assert_eq!(names.len(), 2);
    assert_eq!(names[1], "20261123T221500_rebuild_shopify_event.sql");
    let notes = tree.notes().join("\n");
    for part in [
        "table shopify_event is rebuilt",
        "event-grpc migrate --check",
        "docs/rebuild.md",
    ] {
        assert!(notes.contains(part), "{notes}");
    }

    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/rebuild.sql");
    let sql = project.sql(&names[1]);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &sql).unwrap();
    }
    assert_eq!(sql, fs::read_to_string(&golden).unwrap());

    // Later, and once it is committed, nothing changes any more, and the word may stay or go.
    write(&project, NOW + 2 * HOUR);
    assert_eq!(
        (project.names(), project.sql(&names[1])),
        (names.clone(), sql)
    );
    project.commit();
    assert!(write(&project, NOW + 3 * HOUR).notes().is_empty());
    edit(
        &project,
        PIPELINE,
        "\n    rebuilt_from: [event_name, event_timestamp, id]",
        "",
    );
    write(&project, NOW + 4 * HOUR);
    assert_eq!(project.names(), names);
}

#[test]
fn a_new_column_can_come_with_it() {
    let project = changed(NEW, "rebuilt_from: [event_name, event_timestamp, id]");
    edit(
        &project,
        PIPELINE,
        "      store_url: body.storeUrl | low_cardinality",
        "      store_url: body.storeUrl | low_cardinality\n      shop: body.storeUrl",
    );
    write(&project, NOW + HOUR);
    let sql = project.sql(&project.names()[1]);
    let alter = sql.find("ADD COLUMN IF NOT EXISTS `shop`").unwrap();
    assert!(alter < sql.find("CREATE TABLE").unwrap(), "{sql}");
    // After the exchange a repeated change would be one of the new table, by whose time its rows are told apart.
    let line = sql.lines().position(|l| l.contains("ADD COLUMN")).unwrap();
    assert!(
        sql.lines().nth(line - 1).unwrap().starts_with("-- if: "),
        "{sql}"
    );
}

#[test]
fn a_key_that_would_merge_rows_or_adds_nothing_is_refused() {
    let without = "order_by: [event_name, client, id]";
    let said = mistakes(&changed(
        without,
        "rebuilt_from: [event_name, event_timestamp, id]",
    ));
    assert!(
        said.contains("can't be rebuilt: without `event_timestamp`"),
        "{said}"
    );
    let turned = "order_by: [event_timestamp, event_name, id]";
    let said = mistakes(&changed(
        turned,
        "rebuilt_from: [event_name, event_timestamp, id]",
    ));
    assert!(
        said.contains("a rebuild adds a column to the key"),
        "{said}"
    );
    // The server counts a column that an expression of its key needs as one of the key, so that it tells nothing.
    let project = declared();
    let key = "toDate(event_timestamp), event_name, id";
    let line = "order shopify_event ";
    let was = format!("{line}event_name, event_timestamp, id");
    edit(&project, LOCK, &was, &format!("{line}{key}"));
    project.commit();
    let longer = format!(
        "order_by: [toDate(event_timestamp), event_name, event_timestamp, id]\n    rebuilt_from: [{key}]"
    );
    edit(&project, PIPELINE, OLD, &longer);
    let said = mistakes(&project);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("adds a column to the key that no expression of the │ former key has"),
        "{said}"
    );
}
