//! Cost of statements that change a database.

use serde::Serialize;

use crate::schema::rename::FORMER_NAME;

/// Cost of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cost {
    /// The definition only; done at once, whatever is stored.
    Metadata,
    /// Something new; nothing stored is touched.
    New,
    /// Every stored row is read, and writes wait or go on beside it.
    Scan,
    /// Stored values are written anew in the background.
    Mutation,
    /// The table is written anew.
    Rebuild,
    /// Stored rows go.
    Destructive,
}

// === impl Cost ===

impl Cost {
    /// A few words.
    pub fn told(self) -> &'static str {
        match self {
            Cost::Metadata => "metadata only",
            Cost::New => "new, nothing stored is touched",
            Cost::Scan => "reads the whole table",
            Cost::Mutation => "mutation: values of every part are written anew",
            Cost::Rebuild => "rebuild: the table is written anew",
            Cost::Destructive => "stored rows go",
        }
    }
}

/// Cost of a statement that the generator made for a store.
pub(super) fn of(store: &str, sql: &str) -> Cost {
    let words = bare(sql);
    let has = |text: &str| words.contains(text);
    if sql.starts_with(FORMER_NAME) || words.starts_with("DROP TABLE IF EMPTY") {
        return Cost::Metadata;
    }
    if words.starts_with("DROP TABLE") || has(" DROP COLUMN ") {
        return Cost::Destructive;
    }
    if words.starts_with("INSERT") {
        return Cost::Rebuild;
    }
    if words.starts_with("CREATE INDEX") || words.starts_with("CREATE UNIQUE INDEX") {
        return Cost::Scan;
    }
    if words.starts_with("CREATE") {
        return Cost::New;
    }
    if has(" TYPE ") && store == "postgres" {
        return Cost::Rebuild;
    }
    // A column that only gets another place has no type behind its name.
    let modified = words.split(" MODIFY COLUMN ").nth(1);
    let type_changes = modified.is_some_and(|rest| {
        let behind = rest.trim_start_matches(|c: char| c != ' ').trim_start();
        let places = ["FIRST", "AFTER", "COMMENT"];
        !behind.is_empty() && !places.iter().any(|word| behind.starts_with(word))
    });
    match type_changes {
        true => Cost::Mutation,
        false => Cost::Metadata,
    }
}

/// The words of a statement in capital letters, without the comments in front of it and what is quoted.
fn bare(sql: &str) -> String {
    let lines = sql.lines().skip_while(|line| line.starts_with("--"));
    let text = lines.collect::<Vec<_>>().join(" ");
    let mut bare = String::new();
    let mut quote = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match quote {
            // What is behind a backslash ends no quotation.
            Some(_) if letter == '\\' => drop(letters.next()),
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if matches!(letter, '\'' | '"' | '`') => {
                quote = Some(letter);
                bare.push('Q');
            }
            None => bare.push(letter.to_ascii_uppercase()),
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_cost_what_they_cost() {
        let cases = [
            ("clickhouse", "CREATE TABLE `a` (`b` String)", Cost::New),
            (
                "clickhouse",
                "ALTER TABLE `a` ADD COLUMN `type` String AFTER `b`",
                Cost::Metadata,
            ),
            (
                "clickhouse",
                "ALTER TABLE `a` MODIFY COLUMN `b` AFTER `c`",
                Cost::Metadata,
            ),
            (
                "clickhouse",
                "ALTER TABLE `a` MODIFY COLUMN `b` Nullable(String)",
                Cost::Mutation,
            ),
            (
                "clickhouse",
                "ALTER TABLE `a` MODIFY SETTING x = 1",
                Cost::Metadata,
            ),
            (
                "clickhouse",
                "ALTER TABLE `a` DROP COLUMN `b`",
                Cost::Destructive,
            ),
            (
                "postgres",
                "ALTER TABLE \"a\" ADD COLUMN \"b\" text",
                Cost::Metadata,
            ),
            (
                "postgres",
                "ALTER TABLE \"a\" ALTER COLUMN \"b\" TYPE bigint",
                Cost::Rebuild,
            ),
            (
                "postgres",
                "CREATE INDEX \"a_b\" ON \"a\" (\"b\")",
                Cost::Scan,
            ),
            ("postgres", "DROP TABLE \"a\"", Cost::Destructive),
            (
                "clickhouse",
                "-- Each partition.\n-- if: SELECT 1\nINSERT INTO `a` SELECT * FROM `b` FINAL",
                Cost::Rebuild,
            ),
            (
                "clickhouse",
                "-- if: SELECT 1\nEXCHANGE TABLES `a` AND `b`",
                Cost::Metadata,
            ),
            (
                "clickhouse",
                "-- if: SELECT 1\nALTER TABLE `a` RENAME COLUMN `b` TO `c`, ADD COLUMN `b` String ALIAS `c`",
                Cost::Metadata,
            ),
            (
                "clickhouse",
                "-- A former name, under which nothing is stored.\nALTER TABLE `a` DROP COLUMN `b`",
                Cost::Metadata,
            ),
            (
                "clickhouse",
                "-- if: SELECT 1\nDROP TABLE IF EMPTY `a`",
                Cost::Metadata,
            ),
            (
                "clickhouse",
                "ALTER TABLE `a` ADD COLUMN `b` String COMMENT 'DROP COLUMN it\\'s; MODIFY COLUMN x y'",
                Cost::Metadata,
            ),
        ];
        for (store, sql, cost) in cases {
            assert_eq!(of(store, sql), cost, "{sql}");
        }
    }
}
