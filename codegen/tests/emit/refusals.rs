//! Changes that would lose or misread data are refused.

use std::fs;

use event_grpc_codegen::model::{Destination, Model, Type};
use event_grpc_codegen::schema::history::History;
use event_grpc_codegen::schema::lock::LOCK;
use event_grpc_codegen::store::home::FOLDER;

use crate::project::{HOUR, NOW, Project, refused, with_column};
use crate::small::{self, clickhouse};

#[test]
fn a_committed_file_can_neither_be_edited_nor_removed() {
    let project = Project::committed();
    let name = project.names().remove(0);
    let path = project.root().join(FOLDER).join(&name);
    let sql = project.sql(&name);
    fs::write(&path, format!("{sql}-- more\n")).unwrap();
    assert_eq!(
        refused(project.run(&small::model(), NOW)),
        [format!(
            "EG107 {FOLDER}/{name} is committed and was edited since"
        )]
    );
    fs::remove_file(&path).unwrap();
    assert_eq!(
        refused(project.run(&small::model(), NOW)),
        [format!(
            "EG107 {FOLDER}/{name} is committed and was removed since"
        )]
    );
    fs::write(&path, sql).unwrap();
    project.run(&small::model(), NOW).unwrap();
}

#[test]
fn dropped_and_renamed_columns_changed_types_keys_and_tables_are_refused() {
    let project = Project::committed();
    let change = |change: &dyn Fn(&mut Model)| {
        let mut model = small::model();
        change(&mut model);
        refused(project.run(&model, NOW + HOUR))
    };
    assert_eq!(
        change(&|model| {
            model.tables[0].columns.remove(5);
        }),
        ["EG103 column `country` of table `event` is gone"]
    );
    assert_eq!(
        change(&|model| model.tables[0].columns[5].name = "land".into()),
        ["EG103 column `country` of table `event` is gone"]
    );
    assert_eq!(
        change(&|model| model.tables[2].columns[3].ty = Type::Int32),
        ["EG104 column `likes` of table `post` was `Int64` and is now `Int32`"]
    );
    assert_eq!(
        change(&|model| model.tables[2].columns[0].ty = Type::Nullable(Box::new(Type::String))),
        ["EG104 column `id` of table `post` was `String` and is now `Nullable(String)`"]
    );
    assert_eq!(
        change(&|model| clickhouse(&mut model.tables[0]).order_by = vec!["event_id".into()]),
        [
            "EG105 `order_by` of table `event` was `type, sent_timestamp, event_id` and is now `event_id`"
        ]
    );
    assert_eq!(
        change(&|model| clickhouse(&mut model.tables[0]).partition_by = String::new()),
        ["EG105 `partition_by` of table `event` was `toYYYYMM(insert_timestamp)` and is now ``"]
    );
    assert_eq!(
        change(&|model| clickhouse(&mut model.tables[2]).database = None),
        ["EG105 `database` of table `post` was `audit` and is now ``"]
    );
    assert_eq!(
        change(&|model| {
            model.tables.remove(1);
            for queue in &mut model.queues {
                if let Destination::Table(table) = &mut queue.into {
                    *table = table.saturating_sub(1);
                }
            }
        }),
        ["EG106 table `everything` is gone from pipeline.yaml"]
    );
    // Nothing was written, and all is well again with the old model.
    assert_eq!(project.names().len(), 1);
    project.run(&small::model(), NOW + HOUR).unwrap();
}

#[test]
fn fields_that_are_gone_renamed_renumbered_or_of_another_type_are_refused() {
    let project = Project::committed();
    let edit = |from: &str, to: &str| {
        let proto = include_str!("small/event.proto");
        assert!(proto.contains(from));
        let mut model = small::model();
        // The tables stay as they are: only what is sent counts here.
        model.pool = small::pool(&proto.replace(from, to));
        refused(project.run(&model, NOW + HOUR))
    };
    assert_eq!(
        edit("  string sessionId = 5;\n", ""),
        ["EG101 field 5 of `event.Header`, `sessionId`, is gone"]
    );
    assert_eq!(
        edit("string sessionId = 5;", "string session = 5;"),
        ["EG101 field 5 of `event.Header`, `sessionId`, is now called `session`"]
    );
    assert_eq!(
        edit("string sessionId = 5;", "string sessionId = 7;"),
        ["EG101 field 5 of `event.Header`, `sessionId`, has become field 7"]
    );
    assert_eq!(
        edit("string sessionId = 5;", "bytes sessionId = 5;"),
        ["EG102 field 5 of `event.Header`, `sessionId`, was `string` and is now `bytes`"]
    );
    assert_eq!(
        edit("    AddToCart addToCart = 9;\n", ""),
        ["EG101 field 9 of `event.Event`, `addToCart`, is gone"]
    );
    assert_eq!(
        edit("COLOR_RED = 1;", "COLOR_BLUE = 1;"),
        ["EG101 value 1 of `event.Everything.Color`, `COLOR_RED`, is now called `COLOR_BLUE`"]
    );
}

#[test]
fn a_new_table_in_which_one_client_could_replace_the_rows_of_another_is_refused() {
    let with = |key: &[&str], replaces: bool| {
        let project = Project::committed();
        let mut model = small::model();
        let mut table = model.tables[1].clone();
        table.name = "more".into();
        let own = clickhouse(&mut table);
        own.order_by = key.iter().map(|column| (*column).to_owned()).collect();
        own.replaces = replaces;
        model.tables.push(table);
        project.run(&model, NOW + HOUR)
    };
    assert_eq!(
        refused(with(&["event_name", "event_id"], false)),
        [
            "EG110 the sorting key of the new table `more` lacks `client`, so that one client could replace the rows of \
             another"
        ]
    );
    with(&["event_name"], true).unwrap();
    with(&["event_name", "lower(client)", "event_id"], false).unwrap();
}

#[test]
fn a_clock_that_is_behind_is_refused() {
    let project = Project::committed();
    let result = project.run(&with_column("region", Type::String), NOW - HOUR);
    assert_eq!(
        refused(result),
        [
            "EG108 a migration made now would come before 20261123T211500_create_event_and_2_more.sql"
        ]
    );
}

#[test]
fn a_lock_that_makes_no_sense_is_an_error_with_its_line() {
    let project = Project::plain();
    fs::create_dir_all(project.root().join("migrations")).unwrap();
    fs::write(project.root().join(LOCK), "# facts\nfield x\n").unwrap();
    let error = History::read(project.root()).unwrap_err().to_string();
    assert!(error.contains("schema.lock, line 2"), "{error}");
}
