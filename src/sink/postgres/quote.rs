//! Quoting of names for PostgreSQL. Nothing else in the server quotes for it.

use crate::contract::Table;

/// Name, in double quotes.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Names, as a list of columns.
pub fn identifiers<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().map(identifier).collect();
    names.join(", ")
}

/// Names of some of a table's columns, by index.
pub(super) fn columns(table: &Table, places: &[usize]) -> String {
    let named = places.iter().filter_map(|at| table.columns.get(*at));
    identifiers(named.map(|column| column.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_its_own_quote_only() {
        assert_eq!(identifier("a\"b'c\\"), "\"a\"\"b'c\\\"");
        assert_eq!(identifiers(["order", "x"]), "\"order\", \"x\"");
    }
}
