//! Migrations for what is retired, and what the server is told of it.

use std::fs;

use event_grpc_codegen::base::tree::Tree;
use event_grpc_codegen::model::{Model, Retired};
use event_grpc_codegen::render::render;

use crate::golden::tree_of;
use crate::project::{HOUR, NOW, Project};
use crate::small;

fn retired(key: &str, drop: bool) -> Retired {
    Retired {
        key: key.to_owned(),
        since: "2026-11-23".to_owned(),
        why: "nobody needs it".to_owned(),
        drop,
        discard: false,
    }
}

/// The small model without the column `country`, which is retired.
fn without_country(drop: bool) -> Model {
    let mut model = small::model();
    model.tables[0].columns.remove(5);
    model.retired.push(retired("column event country", drop));
    model
}

#[test]
fn data_is_dropped_only_where_it_is_asked_for_and_once() {
    let project = Project::committed();
    let before = project.names();
    project.run(&without_country(false), NOW + HOUR).unwrap();
    assert_eq!(project.names(), before, "the column stays as it is");
    let fact = "retired column event country String";
    assert!(
        project.lock().contains(&format!("{fact}\n")),
        "{}",
        project.lock()
    );
    project.commit();

    project.run(&without_country(true), NOW + 2 * HOUR).unwrap();
    let name = project.names().pop().unwrap();
    assert_eq!(name, "20261123T231501_drop_event_country.sql");
    let sql = project.sql(&name);
    assert!(
        sql.ends_with("\nALTER TABLE `event` DROP COLUMN IF EXISTS `country`;\n"),
        "{sql}"
    );
    assert!(project.lock().contains(&format!("{fact} dropped\n")));
    project.commit();
    project.run(&without_country(true), NOW + 3 * HOUR).unwrap();
    assert_eq!(project.names().pop().unwrap(), name, "it is dropped once");
}

#[test]
fn a_table_is_dropped_in_its_own_database_and_after_all_else() {
    let project = Project::new();
    let with_spare = || {
        let mut model = small::model();
        let mut spare = model.tables[2].clone();
        spare.name = "spare".to_owned();
        model.tables.push(spare);
        model
    };
    project.run(&with_spare(), NOW).unwrap();
    project.commit();
    let mut model = small::model();
    model.retired.push(retired("table spare", false));
    project.run(&model, NOW + HOUR).unwrap();
    assert!(
        project
            .lock()
            .contains("retired table spare clickhouse audit\n")
    );
    project.commit();

    model.retired[0].drop = true;
    let added = with_spare().tables[0].columns[5].clone();
    model.tables[2]
        .columns
        .push(event_grpc_codegen::model::Column {
            name: "later".to_owned(),
            ..added
        });
    project.run(&model, NOW + 2 * HOUR).unwrap();
    let names = project.names_of("audit");
    assert_eq!(
        names[1..],
        [
            "20261123T231500_alter_post.sql",
            "20261123T231501_drop_spare.sql"
        ]
    );
    let sql = project.sql(&format!("audit/{}", names[2]));
    assert!(sql.ends_with("\nDROP TABLE IF EXISTS `spare`;\n"), "{sql}");
    // What is not committed keeps its names.
    project.run(&model, NOW + 3 * HOUR).unwrap();
    assert_eq!(project.names_of("audit"), names);
}

#[test]
fn a_queue_is_printed_with_its_bindings_until_it_is_declared_again() {
    let project = Project::committed();
    let printed = |model: &Model| {
        let planned = project.plan(model, NOW + HOUR).unwrap();
        let mut tree = Tree::default();
        render(&mut tree, model, &planned, None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        tree.write(folder.path()).unwrap();
        fs::read_to_string(folder.path().join("generated/topology/retired.rs")).unwrap()
    };
    let mut model = small::model();
    model.queues.retain(|queue| queue.name != "post_q");
    model.retired.push(retired("queue post_q", false));
    let once = printed(&model);
    let entry = "name: \"post_q\",";
    assert!(once.contains(entry), "{once}");
    let route = "exchange: \"post.dx\",";
    assert!(once.contains(route), "{once}");
    project.run(&model, NOW + HOUR).unwrap();
    project.commit();
    // As long as servers may have it, and not as soon as it is there again.
    assert_eq!(printed(&model), once);
    assert!(!printed(&small::model()).contains(entry));
}

#[test]
fn the_path_of_a_source_is_printed_as_long_as_the_source_is_retired() {
    let project = Project::committed();
    let mut model = small::model();
    model.sources.retain(|source| source.name != "post");
    model.retired.push(retired("source post", false));
    for committed in [false, true] {
        if committed {
            project.run(&model, NOW + HOUR).unwrap();
            project.commit();
        }
        let planned = project.plan(&model, NOW + HOUR).unwrap();
        let mut tree = Tree::default();
        render(&mut tree, &model, &planned, None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        tree.write(folder.path()).unwrap();
        let printed = folder.path().join("generated/topology/retired.rs");
        let printed = fs::read_to_string(printed).unwrap();
        assert!(printed.contains("paths: &[\"/post/\"]"), "{printed}");
    }
}

#[test]
fn nothing_is_printed_of_what_was_never_retired() {
    let folder = tempfile::tempdir().unwrap();
    tree_of(&small::model()).write(folder.path()).unwrap();
    let printed = folder.path().join("generated/topology/retired.rs");
    let printed = fs::read_to_string(printed).unwrap();
    for list in ["queues", "unbound", "exchanges", "paths"] {
        assert!(printed.contains(&format!("{list}: &[],")), "{printed}");
    }
}
