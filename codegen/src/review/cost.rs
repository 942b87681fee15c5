//! Cost of statements that change a database.

use serde::Serialize;

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
    let words = sql.to_ascii_uppercase();
    let has = |text: &str| words.contains(text);
    if words.starts_with("DROP TABLE") || has(" DROP COLUMN ") {
        return Cost::Destructive;
    }
    if words.starts_with("INSERT") || words.starts_with("EXCHANGE") {
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
        !behind.is_empty()
            && !["FIRST", "AFTER", "COMMENT"]
                .iter()
                .any(|w| behind.starts_with(w))
    });
    match type_changes {
        true => Cost::Mutation,
        false => Cost::Metadata,
    }
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
        ];
        for (store, sql, cost) in cases {
            assert_eq!(of(store, sql), cost, "{sql}");
        }
    }
}
