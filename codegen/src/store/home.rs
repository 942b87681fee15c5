//! The databases that migrations are for, where the files of each are, and what names them.

use std::path::PathBuf;

use super::{KINDS, clickhouse, dialect};
use crate::model::Table;

/// Folder of the migrations of the default ClickHouse database, from the project's root. Each other database has a
/// subfolder.
pub const FOLDER: &str = "migrations/clickhouse";

/// All folders are in here.
const ROOT: &str = "migrations/";

/// Database with migrations of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Home {
    /// The kind of store, by name.
    pub store: &'static str,
    /// Which of its databases; none for the usual one.
    pub database: Option<String>,
}

impl Home {
    /// Database of a table.
    pub fn of(table: &Table) -> Self {
        let dialect = dialect(table);
        Home {
            store: dialect.kind().name,
            database: dialect.database().map(str::to_owned),
        }
    }

    /// The usual database of a kind of store.
    pub fn usual(store: &'static str) -> Self {
        let database = None;
        Home { store, database }
    }

    /// One of the databases beside the usual one that a pipeline declares: they are ClickHouse's.
    pub fn declared(database: &str) -> Self {
        Home {
            store: clickhouse::KIND.name,
            database: Some(database.to_owned()),
        }
    }

    /// The folder of its files, from the project's root.
    pub fn folder(&self) -> String {
        let usual = folder(self.store);
        match &self.database {
            None => usual,
            Some(database) => format!("{usual}/{database}"),
        }
    }

    /// The name of a file in its folder. It is the file's path below `migrations/`; that of the usual ClickHouse
    /// database's files is the file name alone.
    pub fn name(&self, file: &str) -> String {
        match &self.database {
            None if has_bare_names(self.store) => file.to_owned(),
            _ => format!("{}/{file}", self.folder().trim_start_matches(ROOT)),
        }
    }

    /// The file name of a migration that is this database's; none if it is another one's.
    pub fn file<'a>(&self, name: &'a str) -> Option<&'a str> {
        let file = name.rsplit('/').next().unwrap_or(name);
        (self.name(file) == name).then_some(file)
    }
}

/// The folder of a kind of store, from the project's root.
pub fn folder(store: &str) -> String {
    format!("{ROOT}{store}")
}

/// True if what is in a folder from the project's root may be a folder of migrations, too.
pub fn has_folders(path: &str) -> bool {
    let mut kinds = KINDS.iter();
    kinds.any(|kind| kind.has_databases && folder(kind.name) == path)
}

/// The name of the migration at a path from the project's root; none if no database has its files there.
pub fn name_of(path: &str) -> Option<String> {
    let name = path.strip_prefix(ROOT)?;
    let parts: Vec<&str> = name.split('/').collect();
    let store = parts.first()?;
    let kind = KINDS.iter().find(|kind| kind.name == *store)?;
    match parts.as_slice() {
        [_, file] if has_bare_names(kind.name) => Some((*file).to_owned()),
        [_, _] => Some(name.to_owned()),
        [_, _, _] if kind.has_databases => Some(name.to_owned()),
        _ => None,
    }
}

/// Path of a migration's file, from the project's root.
pub fn path(name: &str) -> PathBuf {
    match name.contains('/') {
        true => PathBuf::from(ROOT).join(name),
        false => PathBuf::from(FOLDER).join(name),
    }
}

/// True if the store's files were named before other stores had any.
fn has_bare_names(store: &str) -> bool {
    store == clickhouse::KIND.name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths_belong_together_and_to_one_database() {
        let all = [
            (
                Home::usual("clickhouse"),
                "a.sql",
                "migrations/clickhouse/a.sql",
            ),
            // A database may be called like a folder.
            (
                Home {
                    store: "clickhouse",
                    database: Some("postgres".into()),
                },
                "clickhouse/postgres/a.sql",
                "migrations/clickhouse/postgres/a.sql",
            ),
            (
                Home::usual("postgres"),
                "postgres/a.sql",
                "migrations/postgres/a.sql",
            ),
        ];
        for (home, name, at) in &all {
            assert_eq!(home.name("a.sql"), *name);
            assert_eq!(path(name), PathBuf::from(at));
            assert_eq!(name_of(at).as_deref(), Some(*name));
            let owners = all.iter().filter(|(home, ..)| home.file(name).is_some());
            assert_eq!(owners.count(), 1);
        }
        assert_eq!(name_of("migrations/schema.lock"), None);
    }
}
