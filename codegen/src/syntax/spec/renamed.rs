//! `renamed_from`, as written: what has another name than before.

use super::{Column, Spec};
use crate::model::Renamed;

impl Spec {
    /// Everything that says that it had another name, tables first.
    pub(crate) fn renamed(&self) -> Vec<Renamed> {
        let mut found = Vec::new();
        for table in &self.tables {
            if let Some(from) = &table.renamed_from {
                found.push(renamed(format!("table {}", table.name.value), &from.value));
            }
        }
        for table in &self.tables {
            for column in &table.columns {
                if let Column::Explicit {
                    name, renamed_from, ..
                }
                | Column::Hook {
                    name, renamed_from, ..
                } = column
                    && let Some(from) = renamed_from
                {
                    let key = format!("column {} {}", table.name.value, name.value);
                    found.push(renamed(key, &from.value));
                }
            }
        }
        for queue in &self.queues {
            if let Some(from) = &queue.renamed_from {
                found.push(renamed(format!("queue {}", queue.name.value), &from.value));
            }
        }
        found
    }
}

fn renamed(key: String, from: &str) -> Renamed {
    Renamed {
        key,
        from: from.trim().to_owned(),
    }
}
