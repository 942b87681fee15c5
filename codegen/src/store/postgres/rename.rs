//! Other names for PostgreSQL tables and columns, with views under the former names of tables.

use super::ddl::{index_name, name};
use crate::store::{FORMER_NAME, TableFacts};

/// Statements that give a column another name. Views that show it go on to show it under the former one.
pub(super) fn column(table: &str, before: &TableFacts, (from, to): (&str, &str)) -> Vec<String> {
    let mut statements = vec![format!(
        "ALTER TABLE {} RENAME COLUMN {} TO {}",
        name(table),
        name(from),
        name(to)
    )];
    for index in &before.indexes {
        let of: Vec<String> = index.split(", ").map(str::to_owned).collect();
        if of.iter().any(|column| column == from) {
            let new = of.iter().map(|column| match column == from {
                true => to.to_owned(),
                false => column.clone(),
            });
            let new: Vec<String> = new.collect();
            statements.push(index_renamed(
                &index_name(table, &of),
                &index_name(table, &new),
            ));
        }
    }
    statements
}

/// Statements that give a table another name, with a view under the former one, by which rows can be inserted as well.
pub(super) fn table(to: &str, before: &TableFacts, from: &str) -> Vec<String> {
    let mut statements = vec![format!("ALTER TABLE {} RENAME TO {}", name(from), name(to))];
    statements.extend(before.indexes.iter().map(|index| {
        let of: Vec<String> = index.split(", ").map(str::to_owned).collect();
        index_renamed(&index_name(from, &of), &index_name(to, &of))
    }));
    statements.push(view(to, from));
    statements
}

fn index_renamed(from: &str, to: &str) -> String {
    format!(
        "ALTER INDEX IF EXISTS {} RENAME TO {}",
        name(from),
        name(to)
    )
}

fn view(table: &str, former: &str) -> String {
    format!(
        "CREATE VIEW {} AS SELECT * FROM {}",
        name(former),
        name(table)
    )
}

/// Statement that takes the former name of a table away.
pub(in crate::store) fn forget(former: &str) -> String {
    format!("{FORMER_NAME}\nDROP VIEW IF EXISTS {}", name(former))
}

/// The statements of a table with views under former names, which are out of the way of a column's new type, and of one that is dropped.
pub(in crate::store) fn around_views(
    table: &str,
    former: &[String],
    statements: Vec<String>,
) -> Vec<String> {
    let hinders = |sql: &String| sql.contains(" TYPE ") || sql.contains(" DROP COLUMN ");
    if !statements.iter().any(hinders) {
        return statements;
    }
    let gone = former.iter().map(|former| forget(former));
    let made = former.iter().map(|former| view(table, former));
    gone.chain(statements).chain(made).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_out_of_the_way_of_a_new_type_only() {
        let former = ["old".to_owned()];
        let add = vec!["ALTER TABLE \"new\" ADD COLUMN \"a\" text".to_owned()];
        assert_eq!(around_views("new", &former, add.clone()), add);
        let widen = "ALTER TABLE \"new\" ALTER COLUMN \"a\" TYPE bigint".to_owned();
        let around = around_views("new", &former, vec![widen.clone()]);
        assert_eq!(around.len(), 3);
        assert!(around[0].ends_with("DROP VIEW IF EXISTS \"old\""));
        assert_eq!(around[1], widen);
        assert_eq!(around[2], "CREATE VIEW \"old\" AS SELECT * FROM \"new\"");
    }
}
