//! Splits a migration's text into statements, with the conditions that stand above them.

use std::time::Duration;

/// Statement of a migration. A line above it says when it is carried out:
///
/// ```text
/// -- if: SELECT …                  only if this says 1
/// -- wait: 65 s                    after this time
/// -- for each partition: SELECT …  once for each of these rows, of which the first column is {partition:String}
/// -- on: each host                 at each host of the cluster, where {shard:UInt32} is its shard
/// -- on: each shard                at one host of each shard
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Statement {
    /// The statement, without a semicolon.
    pub(super) sql: String,
    /// Query for a number, which is 0 if the statement must not be carried out.
    pub(super) only_if: Option<String>,
    /// Time that passes before it.
    pub(super) wait: Option<Duration>,
    /// Query for partitions: id, rows, bytes, and what a finished one is remembered by (empty: not at all).
    pub(super) each: Option<String>,
    /// Hosts of a cluster at which it is carried out; none for the one that the URL names.
    pub(super) on: Option<On>,
}

/// Hosts of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    /// All of them.
    Hosts,
    /// One of each shard.
    Shards,
}

/// Statements of `sql`, which end with `;` at the end of a line. Comment lines are left out, so that none of them is
/// taken for a statement or for the end of one.
pub(super) fn split(sql: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut current = Statement::default();
    for line in sql.lines() {
        let line = line.trim_end();
        if let Some(comment) = line.trim_start().strip_prefix("--") {
            read(comment.trim_start(), &mut current);
            continue;
        }
        match line.strip_suffix(';') {
            Some(last) => {
                current.sql.push_str(last);
                push(&mut statements, &mut current);
            }
            None => {
                current.sql.push_str(line);
                current.sql.push('\n');
            }
        }
    }
    push(&mut statements, &mut current);
    statements
}

/// Reads a condition; all other comments say nothing.
fn read(comment: &str, statement: &mut Statement) {
    if let Some(on) = comment.strip_prefix("on: ") {
        statement.on = match on {
            "each host" => Some(On::Hosts),
            "each shard" => Some(On::Shards),
            _ => None,
        };
    } else if let Some(query) = comment.strip_prefix("if: ") {
        statement.only_if = Some(query.to_owned());
    } else if let Some(query) = comment.strip_prefix("for each partition: ") {
        statement.each = Some(query.to_owned());
    } else if let Some(time) = comment.strip_prefix("wait: ") {
        let seconds = time.strip_suffix(" s").and_then(|s| s.parse().ok());
        statement.wait = seconds.map(Duration::from_secs);
    }
}

fn push(statements: &mut Vec<Statement>, current: &mut Statement) {
    let mut statement = std::mem::take(current);
    statement.sql = statement.sql.trim().to_owned();
    if !statement.sql.is_empty() {
        statements.push(statement);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(text: &str) -> Vec<String> {
        split(text).into_iter().map(|s| s.sql).collect()
    }

    #[test]
    fn ends_a_statement_only_at_the_end_of_a_line() {
        let text = "-- Two tables;\nCREATE TABLE a (x String DEFAULT ';')\nENGINE = Memory;\n\n  -- and one\nCREATE \
                    TABLE b (y Int8) ENGINE = Memory;  \n;\n";
        assert_eq!(
            sql(text),
            [
                "CREATE TABLE a (x String DEFAULT ';')\nENGINE = Memory",
                "CREATE TABLE b (y Int8) ENGINE = Memory"
            ]
        );
    }

    #[test]
    fn takes_a_last_statement_without_its_end() {
        assert_eq!(sql("SELECT 1"), ["SELECT 1"]);
        assert_eq!(sql("-- nothing\n\n"), Vec::<String>::new());
    }

    #[test]
    fn conditions_belong_to_the_statement_below_them() {
        let text = "-- Why.\n-- on: each shard\n-- if: SELECT 1\n-- wait: 3 s\n-- for each partition: SELECT 2\nINSERT\n-- in between\nx;\nSELECT 3;\n";
        let plain = |sql: &str| Statement {
            sql: sql.to_owned(),
            ..Statement::default()
        };
        let with = Statement {
            only_if: Some("SELECT 1".to_owned()),
            wait: Some(Duration::from_secs(3)),
            each: Some("SELECT 2".to_owned()),
            on: Some(On::Shards),
            ..plain("INSERT\nx")
        };
        assert_eq!(split(text), [with, plain("SELECT 3")]);
    }
}
