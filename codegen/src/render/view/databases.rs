//! Databases and their migrations in generated Rust.

use std::collections::BTreeMap;

use serde::Serialize;

use super::names::{Taken, constant, literal};
use crate::model::{Model, Table};
use crate::store::home::Home;

/// What `databases.rs` says.
#[derive(Debug, Serialize)]
pub struct Databases {
    databases: Vec<DatabaseView>,
}

/// A database.
#[derive(Debug, Serialize)]
struct DatabaseView {
    constant: String,
    docs: Vec<String>,
    name: String,
    server: String,
    migrations: Vec<Migration>,
}

/// What `migrations.rs` says: those of the usual ClickHouse database, and of PostgreSQL.
#[derive(Debug, Serialize)]
pub struct Migrations {
    migrations: Vec<Migration>,
    postgres: Vec<Migration>,
}

/// A migration's name and the path of its file, as Rust literals.
#[derive(Debug, Serialize)]
struct Migration {
    name: String,
    path: String,
}

/// Makes the view of all databases but the usual one, with `migrations` by name.
pub fn databases(model: &Model, migrations: &BTreeMap<String, String>) -> Databases {
    let constants = constants(model);
    let view = |database: &crate::model::Database| DatabaseView {
        constant: constants.get(&database.name).cloned().unwrap_or_default(),
        docs: match database.doc.as_str() {
            "" => vec![format!("Database `{}`.", database.name)],
            doc => vec![doc.to_owned()],
        },
        name: literal(&database.name),
        server: literal(&database.server),
        migrations: of_home(migrations, &Home::Other(database.name.clone())),
    };
    Databases {
        databases: model.databases.iter().map(view).collect(),
    }
}

impl Migrations {
    /// Lists them, by name.
    pub fn of(migrations: &BTreeMap<String, String>) -> Self {
        Migrations {
            migrations: of_home(migrations, &Home::Usual),
            postgres: of_home(migrations, &Home::Postgres),
        }
    }
}

fn of_home(migrations: &BTreeMap<String, String>, home: &Home) -> Vec<Migration> {
    let folder = home.folder();
    // Each database has a book of its own, so that its folder is no part of the name.
    let files = migrations.keys().filter_map(|name| home.file(name));
    let view = |file: &str| Migration {
        name: literal(file),
        path: literal(&format!("../{folder}/{file}")),
    };
    files.map(view).collect()
}

/// What generated Rust calls each database.
fn constants(model: &Model) -> BTreeMap<String, String> {
    let mut taken = Taken::with(&["DATABASES"]);
    let names = model.databases.iter().map(|database| &database.name);
    names
        .map(|name| (name.clone(), taken.claim(constant(name))))
        .collect()
}

/// A table's `Storage` as Rust source.
pub(super) fn storage(model: &Model, table: &Table) -> String {
    match Home::of(table) {
        Home::Postgres => "Storage::Postgres(&UPSERT)".to_owned(),
        Home::Usual => "Storage::ClickHouse(None)".to_owned(),
        Home::Other(name) => match constants(model).get(&name) {
            Some(constant) => format!("Storage::ClickHouse(Some(&databases::{constant}))"),
            None => "Storage::ClickHouse(None)".to_owned(),
        },
    }
}
