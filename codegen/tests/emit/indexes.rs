//! Indexes over columns that rows are looked for by: in the statement of a new table, and in migrations of one that is
//! there.

use std::fs;
use std::path::Path;

use event_grpc_codegen::model::{Model, Type};

use crate::project::{HOUR, NOW, Project};
use crate::small::{self, clickhouse};
use crate::walk::{PIPELINE, declared, edit, mistakes, write};

/// The small model whose table `event` has indexes over these columns.
fn model(columns: &[&str]) -> Model {
    let mut model = small::model();
    let own = clickhouse(&mut model.tables[0]);
    own.indexes = columns.iter().map(|name| (*name).to_owned()).collect();
    model
}

/// A project with this model, committed.
fn committed(model: &Model) -> Project {
    let project = Project::new();
    project.run(model, NOW).unwrap();
    project.commit();
    project
}

/// Statements of the last migration, each on its line.
fn statements(project: &Project) -> Vec<String> {
    let name = project.names().pop().unwrap();
    let sql = project.sql(&name);
    let lines = sql.lines().filter(|line| line.starts_with("ALTER"));
    lines.map(str::to_owned).collect()
}

const INDEX: &str = "TYPE bloom_filter(0.01) GRANULARITY 1";

#[test]
fn a_new_table_has_its_indexes_from_the_start() {
    let project = committed(&model(&["channel", "event_id"]));
    let sql = project.sql(&project.names()[0]);
    let of_table = format!(
        "    INDEX `find_channel` `channel` {INDEX},\n    INDEX `find_event_id` `event_id` {INDEX}\n)\nENGINE"
    );
    assert!(sql.contains(&of_table), "{sql}");
    let lock = project.lock();
    assert!(
        lock.contains("index event channel\nindex event event_id\n"),
        "{lock}"
    );
    // Nothing more is to be done.
    project
        .run(&model(&["channel", "event_id"]), NOW + HOUR)
        .unwrap();
    assert_eq!(project.names().len(), 1);
}

#[test]
fn a_table_that_is_there_gets_and_loses_them_by_migrations() {
    let project = committed(&model(&["event_id"]));
    let planned = project.plan(&model(&["channel"]), NOW + HOUR).unwrap();
    let notes = planned.notes.join("\n");
    assert!(
        notes.contains("table event gets indexes over channel"),
        "{notes}"
    );
    project.run(&model(&["channel"]), NOW + HOUR).unwrap();
    assert_eq!(
        statements(&project),
        [
            "ALTER TABLE `event` DROP INDEX IF EXISTS `find_event_id`;".to_owned(),
            format!(
                "ALTER TABLE `event` ADD INDEX IF NOT EXISTS `find_channel` `channel` {INDEX};"
            ),
            "ALTER TABLE `event` MATERIALIZE INDEX `find_channel`;".to_owned(),
        ]
    );
}

#[test]
fn one_over_a_column_that_gets_another_type_is_made_anew_around_that() {
    let with_type = |ty: Type| {
        let mut model = model(&["channel"]);
        let columns = &mut model.tables[0].columns;
        let column = columns
            .iter_mut()
            .find(|column| column.name == "channel")
            .unwrap();
        column.ty = ty;
        model
    };
    let project = committed(&with_type(Type::Int32));
    project.run(&with_type(Type::Int64), NOW + HOUR).unwrap();
    let statements = statements(&project);
    assert_eq!(statements.len(), 4, "{statements:#?}");
    for (statement, part) in statements.iter().zip([
        "DROP INDEX",
        "MODIFY COLUMN `channel` Int64",
        "ADD INDEX",
        "MATERIALIZE",
    ]) {
        assert!(statement.contains(part), "{part}: {statement}");
    }
}

#[test]
fn a_rebuild_makes_them_with_the_table_and_not_of_the_rows_that_it_copies() {
    let keyed = |columns: &[&str], key: &[&str], from: &[&str]| {
        let mut model = model(columns);
        let own = clickhouse(&mut model.tables[0]);
        own.order_by = key.iter().map(|name| (*name).to_owned()).collect();
        own.rebuilt_from = from.iter().map(|name| (*name).to_owned()).collect();
        model
    };
    let old = ["type", "sent_timestamp", "event_id"];
    let new = ["type", "sent_timestamp", "channel", "event_id"];
    let project = committed(&keyed(&[], &old, &[]));
    project
        .run(&keyed(&["event_id"], &new, &old), NOW + HOUR)
        .unwrap();
    let sql = project.sql(&project.names()[1]);
    assert!(
        sql.contains("ADD INDEX IF NOT EXISTS `find_event_id`"),
        "{sql}"
    );
    assert!(!sql.contains("MATERIALIZE INDEX"), "{sql}");
    let added = sql.find("ADD INDEX");
    // The new table is made as the old one is by then.
    assert!(
        added < sql.find("CREATE TABLE IF NOT EXISTS `event_after"),
        "{sql}"
    );
}

/// The statements of the last migration, which are those of a golden file.
fn golden(name: &str, project: &Project) {
    let migration = project.names().pop().unwrap();
    let sql = project.sql(&migration);
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/indexes/{name}.sql"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &sql).unwrap();
    }
    assert_eq!(sql, fs::read_to_string(&file).unwrap(), "{name}");
    project.commit();
}

/// What these files do on a server is in `tests/it/clickhouse/indexes.rs`.
#[test]
fn they_follow_their_table_through_what_changes_it() {
    let project = declared();
    let key = "order_by: [event_name, event_timestamp, id]";
    let with = |columns: &str| format!("{key}\n    indexes: [{columns}]");
    edit(&project, PIPELINE, key, &with("id, store_url"));
    write(&project, NOW + HOUR);
    golden("added", &project);
    edit(
        &project,
        PIPELINE,
        &with("id, store_url"),
        &with("id, shop_url"),
    );
    edit(
        &project,
        PIPELINE,
        "      store_url: body.storeUrl | low_cardinality",
        "      shop_url: { from: body.storeUrl | low_cardinality, renamed_from: store_url }",
    );
    write(&project, NOW + 2 * HOUR);
    golden("renamed", &project);
    let rebuilt = "order_by: [event_name, event_timestamp, client, id]\n    \
                   rebuilt_from: [event_name, event_timestamp, id]\n    indexes: [id, shop_url]";
    edit(&project, PIPELINE, &with("id, shop_url"), rebuilt);
    write(&project, NOW + 3 * HOUR);
    golden("rebuilt", &project);
    edit(
        &project,
        PIPELINE,
        "    indexes: [id, shop_url]",
        "    indexes: [id]",
    );
    write(&project, NOW + 4 * HOUR);
    golden("dropped", &project);
    // Nothing is left to be done.
    assert!(write(&project, NOW + 5 * HOUR).notes().is_empty());
    assert!(project.names().len() == 5, "{:?}", project.names());
}

#[test]
fn what_is_personal_stays_so_unless_it_is_said_why() {
    let project = declared();
    edit(
        &project,
        PIPELINE,
        "\ntables:",
        "\npersonal: [storeUrl, \"*.nick\"]\n\ntables:",
    );
    write(&project, NOW + HOUR);
    let lock = project.lock();
    assert!(
        lock.contains("\npersonal nick\npersonal storeUrl\n"),
        "{lock}"
    );
    project.commit();
    edit(
        &project,
        PIPELINE,
        "personal: [storeUrl, \"*.nick\"]",
        "personal: [storeUrl]",
    );
    let said = mistakes(&project);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("EG122") && said.contains("personal field `nick`"),
        "{said}"
    );
    let change = said.split_once("accepts: [{ change: ").unwrap().1;
    let change = change.split_once(',').unwrap().0;
    let accepted = format!(
        "personal: [storeUrl]\naccepts: [{{ change: {change}, why: it is the name of a shoe }}]"
    );
    edit(&project, PIPELINE, "personal: [storeUrl]", &accepted);
    write(&project, NOW + 2 * HOUR);
    assert!(!project.lock().contains("\npersonal nick\n"));
}
