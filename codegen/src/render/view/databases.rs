//! Databases and their migrations in generated Rust.

use std::collections::BTreeMap;

use serde::Serialize;

use super::names::{Taken, constant, literal};
use crate::model::{Model, Table};
use crate::store::home::Home;
use crate::store::{KINDS, Rust, dialect};

/// View of `databases.rs`.
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

/// What `migrations.rs` says: those of the usual database of each store.
#[derive(Debug, Serialize)]
pub struct Migrations {
    stores: Vec<StoreMigrations>,
}

/// The migrations of the usual database of a store.
#[derive(Debug, Serialize)]
struct StoreMigrations {
    store: &'static str,
    constant: &'static str,
    migrations: Vec<Migration>,
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
        migrations: of_home(migrations, &Home::declared(&database.name)),
    };
    Databases {
        databases: model.databases.iter().map(view).collect(),
    }
}

impl Migrations {
    /// Lists them, by name.
    pub fn of(migrations: &BTreeMap<String, String>) -> Self {
        let stores = KINDS.iter().map(|kind| StoreMigrations {
            store: kind.title,
            constant: kind.migrations,
            migrations: of_home(migrations, &Home::usual(kind.name)),
        });
        Migrations {
            stores: stores.collect(),
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

/// Names of the databases' constants in generated Rust.
fn constants(model: &Model) -> BTreeMap<String, String> {
    let mut taken = Taken::with(&["DATABASES"]);
    let names = model.databases.iter().map(|database| &database.name);
    names
        .map(|name| (name.clone(), taken.claim(constant(name))))
        .collect()
}

/// What generated Rust says of a table because of the store that it is in.
pub(super) fn rust(model: &Model, table: &Table) -> Rust {
    let dialect = dialect(table);
    let constants = constants(model);
    let database = dialect.database().and_then(|name| constants.get(name));
    dialect.rust(table, database.map(String::as_str))
}
