//! Migrations of PostgreSQL tables, in a folder of their own.

use std::fs;

use event_grpc_codegen::model::{HookColumn, Model, Postgres, Store, Type};

use crate::project::{HOUR, NOW, Project, refused};
use crate::small;

/// Where PostgreSQL's migrations are, from the project's root.
const POSTGRES_FOLDER: &str = "migrations/postgres";

/// The small model, with `post` in PostgreSQL.
fn model(change: impl FnOnce(&mut Vec<event_grpc_codegen::model::Column>, &mut Postgres)) -> Model {
    let mut model = small::model();
    let table = &mut model.tables[2];
    table
        .columns
        .retain(|column| ["id", "likes"].contains(&column.name.as_str()));
    let mut upsert = Postgres {
        unique: vec!["id".into()],
        version: None,
        hook: None,
        indexes: vec![vec!["likes".into()]],
        hook_columns: Vec::new(),
    };
    change(&mut table.columns, &mut upsert);
    table.store = Store::Postgres(upsert);
    model
}

fn files(project: &Project) -> Vec<(String, String)> {
    let Ok(entries) = fs::read_dir(project.root().join(POSTGRES_FOLDER)) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn committed() -> Project {
    let project = Project::new();
    project.run(&model(|_, _| {}), NOW).unwrap();
    project.commit();
    project
}

#[test]
fn tables_are_created_in_a_folder_of_their_own() {
    let project = committed();
    assert_eq!(
        project.names(),
        ["20261123T211500_create_event_and_2_more.sql"]
    );
    let [(name, sql)] = &files(&project)[..] else {
        panic!("one file")
    };
    assert_eq!(name, "20261123T211500_create_post.sql");
    for part in [
        "CREATE TABLE IF NOT EXISTS \"post\" (\n    \"id\" text NOT NULL,\n    \"likes\" bigint NOT NULL,\n    PRIMARY KEY (\"id\")\n);",
        "CREATE INDEX IF NOT EXISTS \"post_likes_idx\" ON \"post\" (\"likes\");",
    ] {
        assert!(sql.contains(part), "{sql}");
    }
    let lock = project.lock();
    for fact in [
        "engine post postgres\n",
        "order post id\n",
        "index post likes\n",
        "column post 002 likes bigint NOT NULL\n",
    ] {
        assert!(lock.contains(fact), "{lock}");
    }
    // Again: nothing changes.
    project.run(&model(|_, _| {}), NOW + HOUR).unwrap();
    assert_eq!((files(&project).len(), project.lock()), (1, lock));
}

#[test]
fn what_loses_nothing_is_altered() {
    let project = committed();
    let changed = model(|columns, upsert| {
        columns[1].ty = Type::Nullable(Box::new(Type::Int64));
        upsert.indexes = vec![vec!["likes".into(), "id".into()]];
        upsert.hook_columns.push(HookColumn {
            name: "rank".into(),
            ty: "double precision".into(),
            doc: "It's made later.".into(),
        });
    });
    project.run(&changed, NOW + HOUR).unwrap();
    let files = files(&project);
    assert_eq!(files[1].0, "20261123T221500_alter_post.sql");
    let statements: Vec<&str> = files[1]
        .1
        .lines()
        .filter(|line| line.ends_with(';'))
        .collect();
    assert_eq!(
        statements,
        [
            "ALTER TABLE \"post\" ALTER COLUMN \"likes\" DROP NOT NULL;",
            "ALTER TABLE \"post\" ADD COLUMN IF NOT EXISTS \"rank\" double precision;",
            "COMMENT ON COLUMN \"post\".\"rank\" IS 'It''s made later.';",
            "DROP INDEX IF EXISTS \"post_likes_idx\";",
            "CREATE INDEX IF NOT EXISTS \"post_likes_id_idx\" ON \"post\" (\"likes\", \"id\");",
        ]
    );
}

#[test]
fn rows_are_stored_without_a_column_that_is_retired() {
    let project = committed();
    let mut changed = model(|columns, upsert| {
        columns.pop();
        upsert.indexes.clear();
    });
    changed.retired.push(event_grpc_codegen::model::Retired {
        key: "column post likes".into(),
        since: "2026-11-23".into(),
        why: "nobody counts them".into(),
        drop: false,
        discard: false,
    });
    project.run(&changed, NOW + HOUR).unwrap();
    let files = files(&project);
    assert_eq!(files[1].0, "20261123T221500_alter_post.sql");
    let loosened = "ALTER TABLE \"post\" ALTER COLUMN \"likes\" DROP NOT NULL;";
    assert!(files[1].1.contains(loosened), "{}", files[1].1);
    assert!(!files[1].1.contains("DROP COLUMN"), "{}", files[1].1);
}

#[test]
fn what_loses_or_misreads_rows_is_refused() {
    let project = committed();
    let change = |model: Model| refused(project.run(&model, NOW + HOUR));
    assert_eq!(
        change(model(|columns, upsert| {
            columns.pop();
            upsert.indexes.clear();
        })),
        ["EG103 column `likes` of table `post` is gone"]
    );
    assert_eq!(
        change(model(|columns, _| columns[1].ty = Type::Int32)),
        [
            "EG104 column `likes` of table `post` was `bigint NOT NULL` and is now `integer NOT NULL`"
        ]
    );
    assert_eq!(
        change(model(|columns, _| {
            let mut more = columns[1].clone();
            more.name = "shares".into();
            columns.push(more);
        })),
        [
            "EG104 column `shares` is new in table `post` and must have a value, which the rows that are there don't have"
        ]
    );
    assert_eq!(
        change(model(|_, upsert| upsert.unique.push("likes".into()))),
        ["EG105 `unique` of table `post` was `id` and is now `id, likes`"]
    );
    assert!(
        change(small::model())
            .iter()
            .any(|r| r.contains("`engine` of table `post`"))
    );

    let (name, sql) = files(&project).remove(0);
    fs::write(
        project.root().join(POSTGRES_FOLDER).join(&name),
        format!("{sql}-- more\n"),
    )
    .unwrap();
    assert_eq!(
        change(model(|_, _| {})),
        [format!(
            "EG107 migrations/postgres/{name} is committed and was edited since"
        )]
    );
}
