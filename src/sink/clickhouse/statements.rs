//! Splits a migration's text into statements.

/// Statements of `sql`, which end with `;` at the end of a line. Comment lines are left out, so that none of them is
/// taken for a statement or for the end of one.
pub(super) fn split(sql: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut current = String::new();
    for line in sql.lines() {
        let line = line.trim_end();
        if line.trim_start().starts_with("--") {
            continue;
        }
        match line.strip_suffix(';') {
            Some(last) => {
                current.push_str(last);
                push(&mut statements, &mut current);
            }
            None => {
                current.push_str(line);
                current.push('\n');
            }
        }
    }
    push(&mut statements, &mut current);
    statements
}

fn push(statements: &mut Vec<String>, current: &mut String) {
    let statement = current.trim();
    if !statement.is_empty() {
        statements.push(statement.to_owned());
    }
    current.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_a_statement_only_at_the_end_of_a_line() {
        let sql = "-- Two tables;\nCREATE TABLE a (x String DEFAULT ';')\nENGINE = Memory;\n\n  -- and one\nCREATE \
                   TABLE b (y Int8) ENGINE = Memory;  \n;\n";
        assert_eq!(
            split(sql),
            [
                "CREATE TABLE a (x String DEFAULT ';')\nENGINE = Memory",
                "CREATE TABLE b (y Int8) ENGINE = Memory"
            ]
        );
    }

    #[test]
    fn takes_a_last_statement_without_its_end() {
        assert_eq!(split("SELECT 1"), ["SELECT 1"]);
        assert_eq!(split("-- nothing\n\n"), Vec::<String>::new());
    }
}
