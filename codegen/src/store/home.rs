//! The databases that migrations are for, where the files of each are, and what names them.

use std::path::PathBuf;

use crate::model::Table;

/// Where the files of the usual ClickHouse database are, from the project's root. Each other one has a folder in it.
pub const FOLDER: &str = "migrations/clickhouse";
/// Where PostgreSQL's files are, from the project's root.
pub const POSTGRES_FOLDER: &str = "migrations/postgres";

/// All folders are in here.
const ROOT: &str = "migrations/";

/// A database with migrations of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
    /// The usual ClickHouse database.
    Usual,
    /// Another ClickHouse database, by its name.
    Other(String),
    /// PostgreSQL.
    Postgres,
}

impl Home {
    /// Where a table is.
    pub fn of(table: &Table) -> Self {
        match (&table.postgres, &table.database) {
            (Some(_), _) => Home::Postgres,
            (None, Some(database)) => Home::Other(database.clone()),
            (None, None) => Home::Usual,
        }
    }

    /// The folder of its files, from the project's root.
    pub fn folder(&self) -> String {
        match self {
            Home::Usual => FOLDER.to_owned(),
            Home::Other(database) => format!("{FOLDER}/{database}"),
            Home::Postgres => POSTGRES_FOLDER.to_owned(),
        }
    }

    /// The name of a file in its folder. It is the file's path below `migrations/`; that of the usual database's
    /// files is the file name alone.
    pub fn name(&self, file: &str) -> String {
        match self {
            Home::Usual => file.to_owned(),
            _ => format!("{}/{file}", self.folder().trim_start_matches(ROOT)),
        }
    }

    /// The file name of a migration that is this database's; none if it is another one's.
    pub fn file<'a>(&self, name: &'a str) -> Option<&'a str> {
        let file = name.rsplit('/').next().unwrap_or(name);
        (self.name(file) == name).then_some(file)
    }
}

/// The name of the migration at a path from the project's root; none if no database has its files there.
pub fn name_of(path: &str) -> Option<String> {
    let name = path.strip_prefix(ROOT)?;
    let parts: Vec<&str> = name.split('/').collect();
    match parts.as_slice() {
        ["clickhouse", file] => Some((*file).to_owned()),
        ["clickhouse", _, _] | ["postgres", _] => Some(name.to_owned()),
        _ => None,
    }
}

/// Where a migration's file is, from the project's root.
pub fn path(name: &str) -> PathBuf {
    match name.contains('/') {
        true => PathBuf::from(ROOT).join(name),
        false => PathBuf::from(FOLDER).join(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths_belong_together_and_to_one_database() {
        let all = [
            (Home::Usual, "a.sql", "migrations/clickhouse/a.sql"),
            // A database may be called like a folder.
            (
                Home::Other("postgres".into()),
                "clickhouse/postgres/a.sql",
                "migrations/clickhouse/postgres/a.sql",
            ),
            (
                Home::Postgres,
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
