//! Migrations, in a real git repository: what is committed stays, what isn't is written anew.

use std::fs;
use std::path::Path;
use std::process::Command;

use event_grpc_codegen::migration::diff::Refusal;
use event_grpc_codegen::migration::history::History;
use event_grpc_codegen::migration::{FOLDER, LOCK, Planned, plan};
use event_grpc_codegen::model::{Function, Model, Root, Type};
use event_grpc_codegen::tree::Tree;
use tempfile::TempDir;

use crate::small::{self, column};

/// 2026-11-23 21:15:00 UTC
const NOW: u64 = 1_795_468_500;
const HOUR: u64 = 3600;

/// A project's folder.
struct Project {
    folder: TempDir,
}

impl Project {
    /// A folder without git.
    fn plain() -> Self {
        Project {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A git repository without a commit.
    fn new() -> Self {
        let project = Project::plain();
        project.git(&["init", "--quiet"]);
        project
    }

    /// A repository with the small model's migrations committed.
    fn committed() -> Self {
        let project = Project::new();
        project.run(&small::model(), NOW).unwrap();
        project.commit();
        project
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn git(&self, arguments: &[&str]) {
        let output = Command::new("git")
            .arg("-C")
            .arg(self.root())
            .args(["-c", "user.name=test", "-c", "user.email=test@example.com"])
            .args(arguments)
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE")
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {errors}");
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--no-verify", "--message", "test"]);
    }

    fn plan(&self, model: &Model, now: u64) -> Result<Planned, Vec<Refusal>> {
        plan(model, &History::read(self.root()).unwrap(), now)
    }

    /// Plans and writes, as the command does.
    fn run(&self, model: &Model, now: u64) -> Result<(), Vec<Refusal>> {
        let planned = self.plan(model, now)?;
        let mut tree = Tree::default();
        for (path, sql) in planned.written {
            tree.add(path, sql);
        }
        for path in planned.removed {
            tree.remove(path);
        }
        tree.add(LOCK, planned.lock);
        tree.write(self.root()).unwrap();
        Ok(())
    }

    /// Names of the migrations on disk.
    fn names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.root().join(FOLDER)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn sql(&self, name: &str) -> String {
        fs::read_to_string(self.root().join(FOLDER).join(name)).unwrap()
    }

    fn lock(&self) -> String {
        fs::read_to_string(self.root().join(LOCK)).unwrap()
    }
}

/// The small model with a column more, behind `country` in `event`.
fn with_column(name: &str, ty: Type) -> Model {
    let mut model = small::model();
    let from = model.tables[0].columns[5].from.clone();
    let mut added = column(name, ty, Root::Now, Vec::new());
    added.from = from;
    added.doc = "A column; it's new.".into();
    model.tables[0].columns.insert(6, added);
    model
}

/// The codes and messages of what is refused.
fn refused(result: Result<(), Vec<Refusal>>) -> Vec<String> {
    let refusals = result.expect_err("it should be refused");
    assert!(refusals.iter().all(|r| !r.help.is_empty()));
    refusals
        .iter()
        .map(|r| format!("{} {}", r.code, r.message))
        .collect()
}

#[test]
fn every_table_is_created_once() {
    let project = Project::new();
    project.run(&small::model(), NOW).unwrap();
    let names = project.names();
    assert_eq!(names, ["20261123T211500_create_event_and_3_more.sql"]);
    let sql = project.sql(&names[0]);
    assert_eq!(sql.matches("CREATE TABLE IF NOT EXISTS").count(), 4);

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
        change(&|model| model.tables[0].order_by = vec!["event_id".into()]),
        [
            "EG105 `order_by` of table `event` was `type, sent_timestamp, event_id` and is now `event_id`"
        ]
    );
    assert_eq!(
        change(&|model| model.tables[0].partition_by = String::new()),
        ["EG105 `partition_by` of table `event` was `toYYYYMM(insert_timestamp)` and is now ``"]
    );
    assert_eq!(
        change(&|model| {
            model.tables.remove(1);
        }),
        ["EG106 table `everything` is gone from pipeline.yaml"]
    );
    // Nothing was written, and all is well again with the old model.
    assert_eq!(project.names().len(), 1);
    project.run(&small::model(), NOW + HOUR).unwrap();
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
            "ALTER TABLE `post` MODIFY COLUMN `likes` Nullable(Int64);",
        ]
    );
    // A later run compares with what is committed, and comes to the same.
    project.run(&model, NOW + 2 * HOUR).unwrap();
    assert_eq!(project.sql(&name), sql);
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
fn a_clock_that_is_behind_is_refused() {
    let project = Project::committed();
    let result = project.run(&with_column("region", Type::String), NOW - HOUR);
    assert_eq!(
        refused(result),
        [
            "EG108 a migration made now would come before 20261123T211500_create_event_and_3_more.sql"
        ]
    );
}

#[test]
fn a_pending_file_gets_a_later_name_when_others_were_committed_meanwhile() {
    let project = Project::committed();
    project
        .run(&with_column("region", Type::String), NOW + HOUR)
        .unwrap();
    // Somebody else's migration arrives with a merge, and it is later than the pending one.
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
            "20261123T211500_create_event_and_3_more.sql",
            theirs,
            "20261124T001500_alter_event.sql",
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

#[test]
fn a_function_on_a_column_changes_nothing_in_the_lock() {
    let project = Project::committed();
    let mut model = small::model();
    let lock = project.lock();
    let upper = vec![Function::Upper];
    let from = column("channel", Type::String, Root::TypeName, upper).from;
    model.tables[0].columns[8].from = from;
    project.run(&model, NOW + HOUR).unwrap();
    assert_eq!(project.lock(), lock);
}
