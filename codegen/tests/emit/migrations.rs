//! Migrations: what is committed stays, what isn't is written anew.

use std::fs;

use event_grpc_codegen::model::{Accepted, Function, Root, Type};
use event_grpc_codegen::store::home::FOLDER;

use crate::project::{HOUR, NOW, Project, refused, with_column};
use crate::small::{self, column};

#[test]
fn every_table_is_created_once() {
    let project = Project::new();
    project.run(&small::model(), NOW).unwrap();
    let names = project.names();
    assert_eq!(names, ["20261123T211500_create_event_and_2_more.sql"]);
    let sql = project.sql(&names[0]);
    assert_eq!(sql.matches("CREATE TABLE IF NOT EXISTS").count(), 3);

    // Again, and later: nothing changes, committed or not.
    let lock = project.lock();
    project.run(&small::model(), NOW + HOUR).unwrap();
    assert_eq!(project.names(), names);
    project.commit();
    project.run(&small::model(), NOW + 2 * HOUR).unwrap();
    assert_eq!((project.names(), project.lock()), (names, lock));
}

#[test]
fn a_new_column_is_an_alter_in_a_file_of_its_own() {
    let project = Project::committed();
    let before = project.names();
    project
        .run(&with_column("region", Type::String), NOW + HOUR)
        .unwrap();
    let names = project.names();
    assert_eq!(names, [&before[0], "20261123T221500_alter_event.sql"]);
    assert_eq!(
        project.sql(&names[1]).lines().nth(2).unwrap(),
        "ALTER TABLE `event` ADD COLUMN IF NOT EXISTS `region` String COMMENT 'A column; it\\'s new.' AFTER `country`;"
    );
    assert!(project.lock().contains("column event 007 region String\n"));
}

#[test]
fn what_is_not_committed_is_rewritten_in_place_and_removed_when_nothing_is_left() {
    let project = Project::committed();
    project
        .run(&with_column("region", Type::String), NOW + HOUR)
        .unwrap();
    let names = project.names();

    // Another mind about the column: the same file, its name kept.
    project
        .run(&with_column("area", Type::Int64), NOW + 2 * HOUR)
        .unwrap();
    assert_eq!(project.names(), names);
    let sql = project.sql(&names[1]);
    assert!(
        sql.contains("`area` Int64") && !sql.contains("region"),
        "{sql}"
    );

    // No column after all.
    project.run(&small::model(), NOW + 3 * HOUR).unwrap();
    assert_eq!(project.names(), names[..1]);
    assert!(!project.lock().contains("alter_event"));

    // And a change after a commit is a file of its own.
    project
        .run(&with_column("region", Type::String), NOW + 4 * HOUR)
        .unwrap();
    project.commit();
    let mut model = with_column("region", Type::String);
    let extra = column("extra", Type::Int64, Root::Now, Vec::new());
    model.tables[0].columns.push(extra);
    project.run(&model, NOW + 5 * HOUR).unwrap();
    assert_eq!(project.names().len(), 3);
}

#[test]
fn a_file_that_a_person_wrote_is_left_alone() {
    let project = Project::committed();
    let own = "20261123T213000_fill_in_countries.sql";
    let path = project.root().join(FOLDER).join(own);
    fs::write(
        &path,
        "ALTER TABLE event UPDATE country = 'x' WHERE country = '';\n",
    )
    .unwrap();
    project.run(&small::model(), NOW + HOUR).unwrap();
    assert!(project.names().contains(&own.to_owned()));
    assert!(project.lock().contains(&format!("migration {own} ")));
}

#[test]
fn wider_types_and_other_places_are_altered_in_place() {
    let project = Project::committed();
    let mut model = small::model();
    let likes = Type::Nullable(Box::new(Type::Int64));
    model.tables[2].columns[3].ty = likes;
    model.tables[1].columns[3].ty = Type::Int64;
    model.tables[0].columns.swap(7, 8);
    project.run(&model, NOW + HOUR).unwrap();
    let name = project.names().remove(1);
    let sql = project.sql(&name);
    let statements: Vec<&str> = sql
        .lines()
        .filter(|line| line.starts_with("ALTER"))
        .collect();
    assert_eq!(
        statements,
        [
            "ALTER TABLE `event` MODIFY COLUMN `channel` String AFTER `latitude`;",
            "ALTER TABLE `everything` MODIFY COLUMN `small` Int64;",
        ]
    );
    let there = project.names_of("audit").remove(1);
    let there = project.sql(&format!("audit/{there}"));
    assert!(
        there.ends_with("\n\nALTER TABLE `post` MODIFY COLUMN `likes` Nullable(Int64);\n"),
        "{there}"
    );
    // A later run compares with what is committed, and comes to the same.
    project.run(&model, NOW + 2 * HOUR).unwrap();
    assert_eq!(project.sql(&name), sql);
}

#[test]
fn an_optional_that_is_added_and_a_new_field_are_fine() {
    let project = Project::committed();
    let proto = include_str!("small/event.proto").replace(
        "string sessionId = 5;",
        "optional string sessionId = 5;\n  string place = 12;",
    );
    let mut model = small::model();
    model.pool = small::pool(&proto);
    project.run(&model, NOW + HOUR).unwrap();
    assert_eq!(project.names().len(), 1, "no table changed");
    assert!(
        project
            .lock()
            .contains("field event.Header 12 place string\n")
    );
}

#[test]
fn without_git_the_lock_file_says_what_is_committed() {
    let project = Project::plain();
    project.run(&small::model(), NOW).unwrap();
    let names = project.names();
    project.run(&small::model(), NOW + HOUR).unwrap();
    assert_eq!(project.names(), names);
    project
        .run(&with_column("region", Type::String), NOW + HOUR)
        .unwrap();
    assert_eq!(project.names().len(), 2);
    let name = &names[0];
    fs::write(project.root().join(FOLDER).join(name), "").unwrap();
    assert_eq!(
        refused(project.run(&small::model(), NOW)).last().unwrap(),
        &format!("EG107 {FOLDER}/{name} is committed and was edited since")
    );
}

#[test]
fn a_pending_file_gets_a_later_name_when_others_were_committed_meanwhile() {
    let project = Project::committed();
    project
        .run(&with_column("region", Type::String), NOW + HOUR)
        .unwrap();
    // A migration of another branch arrives with a merge, and it is later than the pending one.
    let theirs = "20261123T230000_alter_post.sql";
    let path = project.root().join(FOLDER).join(theirs);
    fs::write(&path, "ALTER TABLE post ADD COLUMN x Int8;\n").unwrap();
    project.git(&["add", FOLDER]);
    project.git(&[
        "reset",
        "--quiet",
        "--",
        &format!("{FOLDER}/20261123T221500_alter_event.sql"),
    ]);
    project.git(&["commit", "--quiet", "--no-verify", "--message", "theirs"]);
    project
        .run(&with_column("region", Type::String), NOW + 3 * HOUR)
        .unwrap();
    assert_eq!(
        project.names(),
        [
            "20261123T211500_create_event_and_2_more.sql",
            theirs,
            "20261124T001500_alter_event.sql",
        ]
    );
}

#[test]
fn a_function_on_a_column_is_refused_until_it_is_accepted_and_needs_no_migration() {
    let project = Project::committed();
    let mut model = small::model();
    let names = project.names();
    let upper = vec![Function::new("upper")];
    let from = column("channel", Type::String, Root::TypeName, upper).from;
    model.tables[0].columns[8].from = from;
    let found = project.run(&model, NOW + HOUR).unwrap_err();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code, "EG116");
    let (_, change) = found[0].help.split_once("{ change: ").unwrap();
    model.accepted.push(Accepted {
        change: change.split(',').next().unwrap().to_owned(),
        why: "all channels were meant to be in capital letters".to_owned(),
    });
    project.run(&model, NOW + HOUR).unwrap();
    assert_eq!(project.names(), names);
    assert!(
        project
            .lock()
            .contains("expression event channel $type | upper\n")
    );
}

#[test]
fn each_database_has_a_folder_and_an_order_of_its_own() {
    let project = Project::committed();
    let first = "20261123T211500_create_post.sql";
    assert_eq!(project.names_of("audit"), [first]);
    let sql = project.sql(&format!("audit/{first}"));
    assert_eq!(sql.matches("CREATE TABLE").count(), 1);
    assert!(sql.contains("CREATE TABLE IF NOT EXISTS `post`"), "{sql}");
    let lock = project.lock();
    assert!(
        lock.contains(&format!("migration clickhouse/audit/{first} ")),
        "{lock}"
    );
    assert!(lock.contains("database post audit\n"), "{lock}");

    // A later migration of the one is no hindrance for an earlier one of the other.
    let mut model = small::model();
    let extra = column("later", Type::Int64, Root::Now, Vec::new());
    model.tables[2].columns.push(extra.clone());
    project.run(&model, NOW + 2 * HOUR).unwrap();
    project.commit();
    model.tables[0].columns.push(extra);
    project.run(&model, NOW + HOUR).unwrap();
    assert_eq!(project.names()[1], "20261123T221500_alter_event.sql");
    assert_eq!(
        project.names_of("audit")[1],
        "20261123T231500_alter_post.sql"
    );
    let planned = project.plan(&model, NOW + 3 * HOUR).unwrap();
    assert_eq!(planned.files.len(), 4);
    assert!(planned.removed.is_empty());
}
