//! What new indexes of tables that are there cost.

use super::lock::Lock;
use crate::store::TableFacts;

/// A line for each ClickHouse table that gets indexes over columns that it has.
pub(super) fn costs(base: &Lock, now: &Lock) -> Vec<String> {
    let told = |(name, table): (&String, &TableFacts)| {
        let before = base.tables.get(name)?;
        let is_there = |column: &&String| before.columns.iter().any(|(known, _)| known == *column);
        let new = table
            .indexes
            .iter()
            .filter(|column| !before.indexes.contains(column));
        let new: Vec<&str> = new.filter(is_there).map(String::as_str).collect();
        // PostgreSQL's are made at once, in the migration.
        let is_clickhouse = !table.settings.is_empty();
        (is_clickhouse && !new.is_empty()).then(|| {
            format!(
                "table {name} gets indexes over {}: these columns are read once more in all of its parts, in the background; \
                 until then queries read parts without an index as before",
                new.join(", ")
            )
        })
    };
    now.tables.iter().filter_map(told).collect()
}
