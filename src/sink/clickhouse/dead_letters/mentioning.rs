//! Dead letters of an event, a user or another key.

use super::super::find::conditions;
use super::{DeadLetters, DeadLettersError, SUMMARY, Summary, quote};
use crate::contract::Holds;
use crate::sink::found::{Search, column_of};

impl DeadLetters {
    /// Table of the dead letters, with its database.
    pub fn name(&self) -> String {
        format!("{}.{}", self.store.address().database(), self.table.name)
    }

    /// Summaries of the dead letters that are of what is looked for, whatever was decided about them, oldest first: by
    /// their own id, the message's, the event's, or by an id that their bytes hold.
    pub async fn mentioning(&self, search: &Search) -> Result<Vec<Summary>, DeadLettersError> {
        let there = |name: &str| self.table.columns.iter().any(|column| column.name == name);
        if !search.values.iter().all(|(name, _)| there(name)) {
            return Ok(Vec::new());
        }
        let mut all = Vec::new();
        if !search.ids.is_empty() {
            let ids = quote::texts(search.ids.iter().map(String::as_str));
            let own = column_of(self.table, Holds::Id).map(quote::identifier);
            let columns = [self.column("id"), self.column("message_id")];
            let columns = columns.into_iter().chain(own);
            let mut any: Vec<String> = columns.map(|column| format!("{column} IN {ids}")).collect();
            let needles: Vec<String> = search.ids.iter().map(|id| quote::text(id)).collect();
            let body = self.column("body");
            any.push(format!("multiSearchAny({body}, [{}])", needles.join(", ")));
            all.push(format!("({})", any.join(" OR ")));
        }
        if !search.types.is_empty() {
            let types = quote::texts(search.types.iter().map(String::as_str));
            all.push(format!("{} IN {types}", self.column("event_type")));
        }
        // The types of dead letters are those of their records, and their times those of their failures.
        let values = Search {
            values: search.values.clone(),
            ..Search::default()
        };
        all.push(conditions(self.table, &values));
        let failed = self.column("last_failed");
        for (bound, sign) in [(search.since_ms, ">="), (search.until_ms, "<")] {
            let bound = bound.map(|at| format!("fromUnixTimestamp64Milli(toInt64({at}))"));
            all.extend(bound.map(|bound| format!("{failed} {sign} {bound}")));
        }
        let from = self.from(&format!("WHERE {}", all.join(" AND "))).await?;
        let sql = format!(
            "SELECT {SUMMARY} FROM {from} ORDER BY l_last_failed, l_queue, l_id LIMIT {}",
            search.limit
        );
        Ok(self.store.rows(&sql).await?)
    }
}
