//! Quoting of names and values for ClickHouse. Nothing else in the server quotes for it.

use crate::contract::Table;

/// Name, in backticks.
pub fn identifier(name: &str) -> String {
    quoted(name, '`')
}

/// Text value, in single quotes.
pub fn text(value: &str) -> String {
    quoted(value, '\'')
}

/// List of text values, as `IN` takes it. An empty list needs its type.
pub fn texts<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let values: Vec<_> = values.map(text).collect();
    format!("(CAST([{}], 'Array(String)'))", values.join(", "))
}

/// Name of a table with its database.
pub fn table(database: &str, table: &str) -> String {
    format!("{}.{}", identifier(database), identifier(table))
}

/// Columns of a table, as the list of an INSERT.
pub fn columns(table: &Table) -> String {
    let names: Vec<_> = table.columns.iter().map(|c| identifier(c.name)).collect();
    names.join(", ")
}

/// ClickHouse reads backslash escapes in both kinds of quotes.
fn quoted(name: &str, quote: char) -> String {
    let mut out = String::with_capacity(name.len() + 2);
    out.push(quote);
    for c in name.chars() {
        if c == quote || c == '\\' {
            out.push('\\');
        }
        out.push(c);
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_its_own_quote_and_the_backslash() {
        assert_eq!(identifier("a`b\\c'd"), r"`a\`b\\c'd`");
        assert_eq!(text("it's `x` \\ y"), r"'it\'s `x` \\ y'");
        assert_eq!(table("a.b", "c"), "`a.b`.`c`");
        assert_eq!(
            texts(["a", "b'"].into_iter()),
            r"(CAST(['a', 'b\''], 'Array(String)'))"
        );
    }
}
