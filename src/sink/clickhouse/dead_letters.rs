//! Dead letters in their ClickHouse table: queries, and decisions about them.

mod mentioning;

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clickhouse::Row;
use serde::{Deserialize, Serialize};

use super::decisions::{self, Action};
use super::{ClickHouse, Databases, quote};
use crate::contract::{Append, Pipeline, Table};
use crate::dead_letter::{DeadLetter, FIELDS, FieldKind, Record};
use crate::sink::StoreError;

pub use super::decisions::Key;

/// Error while reading or writing dead letters.
#[derive(Debug, thiserror::Error)]
pub enum DeadLettersError {
    /// The pipeline has no dead-letter table in ClickHouse.
    #[error("the pipeline has no dead-letter table in ClickHouse")]
    NoTable,
    /// The table lacks columns of a dead letter.
    #[error("table `{table}` has no columns for {}, which a replay of its dead letters needs", missing.join(", "))]
    Incomplete {
        /// Dead-letter table.
        table: &'static str,
        /// Expressions without a column.
        missing: Vec<String>,
    },
    /// ClickHouse failed.
    #[error("the dead letters can't be read or written: {0}")]
    Store(#[from] StoreError),
}

/// The dead letters of a pipeline.
#[derive(Clone)]
pub struct DeadLetters {
    store: ClickHouse,
    table: &'static Table,
    columns: BTreeMap<&'static str, &'static str>,
}

/// Columns of a [`Summary`].
const SUMMARY: &str = "l_id AS id, l_queue AS queue, l_class AS class, l_event_type AS event_type, l_client AS client, \
                       l_schema AS schema, l_fingerprint AS fingerprint, substringUTF8(l_reason, 1, 300) AS reason, \
                       l_attempts AS attempts, l_last_failed AS last_failed_ms, action AS decision";

/// Filter of dead letters. An empty list is no condition.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Queues, or sources that refused them.
    pub queues: Vec<String>,
    /// Event types: names, or numbers if they were unknown.
    pub types: Vec<String>,
    /// Error classes.
    pub classes: Vec<String>,
    /// Clients that sent them; an empty name stands for those that are unknown.
    pub clients: Vec<String>,
    /// Ids.
    pub ids: Vec<String>,
    /// Lower bound of the last failure, inclusive, in milliseconds since the epoch.
    pub since_ms: Option<i64>,
    /// Upper bound of the last failure, exclusive.
    pub until_ms: Option<i64>,
    /// True to include dead letters with a decision.
    pub decided: bool,
    /// Minimum rest since the last failure, for each failure after the first, sixty times that at most.
    pub rest: Option<Duration>,
    /// Maximum number: the oldest of keys, the newest of summaries.
    pub limit: Option<u64>,
}

/// Summary of a dead letter.
#[derive(Debug, Clone, Row, Deserialize, Serialize)]
pub struct Summary {
    /// Its id.
    pub id: String,
    /// Queue in which it failed, or source that refused it.
    pub queue: String,
    /// Error class.
    pub class: String,
    /// Name or number of its event type.
    pub event_type: String,
    /// Client that sent it; empty if it is unknown.
    pub client: String,
    /// Fingerprint of the declarations that its message was made under; empty if it names none.
    pub schema: String,
    /// Fingerprint of the build that gave it up.
    pub fingerprint: String,
    /// Beginning of the reason.
    pub reason: String,
    /// Number of attempts.
    pub attempts: u32,
    /// Time of its last failure, in milliseconds since the epoch.
    pub last_failed_ms: i64,
    /// Decision; empty if there is none.
    pub decision: String,
}

/// Number of dead letters of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize, Serialize)]
pub struct Count {
    /// Queue or source.
    pub queue: String,
    /// Error class.
    pub class: String,
    /// Name or number of the event type.
    pub event_type: String,
    /// Client that sent them; empty if it is unknown.
    pub client: String,
    /// Number of dead letters.
    pub letters: u64,
    /// Time of the earliest failure, in milliseconds since the epoch.
    pub oldest_ms: i64,
    /// Time of the latest failure.
    pub newest_ms: i64,
}

/// Dead letter with all of its [`FIELDS`], read as `l_NAME`, and the decision about it.
#[derive(Debug, Clone, Row, Deserialize)]
#[allow(missing_docs, reason = "they are those of DeadLetter")]
pub struct StoredDeadLetter {
    #[serde(rename = "l_id")]
    pub id: String,
    #[serde(rename = "l_reason")]
    pub reason: String,
    #[serde(rename = "l_class")]
    pub class: String,
    #[serde(rename = "l_queue")]
    pub queue: String,
    #[serde(rename = "l_exchange")]
    pub exchange: String,
    #[serde(rename = "l_routing_key")]
    pub routing_key: String,
    #[serde(rename = "l_event_type")]
    pub event_type: String,
    #[serde(rename = "l_attempts")]
    pub attempts: u32,
    #[serde(rename = "l_first_failed")]
    pub first_failed_ms: i64,
    #[serde(rename = "l_last_failed")]
    pub last_failed_ms: i64,
    #[serde(rename = "l_fingerprint")]
    pub fingerprint: String,
    #[serde(rename = "l_content_type")]
    pub content_type: String,
    #[serde(rename = "l_kind")]
    pub kind: String,
    #[serde(rename = "l_message_id")]
    pub message_id: String,
    #[serde(rename = "l_sent")]
    pub sent_ms: Option<i64>,
    #[serde(rename = "l_client")]
    pub client: String,
    #[serde(rename = "l_schema")]
    pub schema: String,
    #[serde(rename = "l_headers")]
    pub headers: String,
    #[serde(rename = "l_body")]
    body_base64: String,
    /// Decision about this failure; empty if there is none.
    #[serde(rename = "action")]
    pub decision: String,
}

impl StoredDeadLetter {
    /// Body, as it was received.
    pub fn body(&self) -> Vec<u8> {
        // ClickHouse wrote it, so it is valid.
        STANDARD.decode(&self.body_base64).unwrap_or_default()
    }

    /// The dead letter with its bytes, as [`StoredDeadLetter::body`] gives them.
    pub fn dead_letter<'a>(&'a self, body: &'a [u8]) -> DeadLetter<'a> {
        DeadLetter {
            id: &self.id,
            record: Record {
                reason: &self.reason,
                class: &self.class,
                queue: &self.queue,
                exchange: &self.exchange,
                routing_key: &self.routing_key,
                event_type: &self.event_type,
                attempts: self.attempts,
                first_failed_ms: self.first_failed_ms,
                last_failed_ms: self.last_failed_ms,
                fingerprint: &self.fingerprint,
                message_id: &self.message_id,
                sent_ms: self.sent_ms,
                client: &self.client,
            },
            content_type: &self.content_type,
            kind: &self.kind,
            schema: &self.schema,
            headers: &self.headers,
            body,
        }
    }

    /// The bytes in base64.
    pub fn body_base64(&self) -> &str {
        &self.body_base64
    }

    /// Key of this failure.
    pub fn key(&self) -> Key {
        Key {
            queue: self.queue.clone(),
            id: self.id.clone(),
            last_failed_ms: self.last_failed_ms,
            size: self.body_base64.len() as u64,
        }
    }
}

impl DeadLetters {
    /// Dead letters of a pipeline, in the database of their table.
    pub fn new(databases: &Databases, pipeline: &Pipeline) -> Result<Self, DeadLettersError> {
        let (table, columns, store) = pipeline
            .tables
            .iter()
            .find_map(|table| match table.append {
                Append::DeadLetters(_, columns) => Some((table, columns, databases.of(table)?)),
                _ => None,
            })
            .ok_or(DeadLettersError::NoTable)?;
        let columns: BTreeMap<_, _> = columns.iter().copied().collect();
        let missing = FIELDS.iter().map(|(name, _)| *name);
        let missing = missing.filter(|name| !columns.contains_key(name));
        let missing: Vec<String> = missing.map(|name| format!("error.{name}")).collect();
        if !missing.is_empty() {
            let table = table.name;
            return Err(DeadLettersError::Incomplete { table, missing });
        }
        Ok(DeadLetters {
            store: store.clone(),
            table,
            columns,
        })
    }

    /// Keys of the selected dead letters, oldest first.
    pub async fn keys(&self, selection: &Selection) -> Result<Vec<Key>, DeadLettersError> {
        let (from, limit) = (self.selected(selection).await?, limit(selection));
        let sql = format!(
            "SELECT l_queue, l_id, l_last_failed, l_size FROM {from} ORDER BY l_last_failed, l_queue, l_id{limit}"
        );
        Ok(self.store.rows(&sql).await?)
    }

    /// Summaries of the selected dead letters, newest first.
    pub async fn summaries(&self, selection: &Selection) -> Result<Vec<Summary>, DeadLettersError> {
        let (from, limit) = (self.selected(selection).await?, limit(selection));
        let sql = format!(
            "SELECT {SUMMARY} FROM {from} ORDER BY l_last_failed DESC, l_queue, l_id{limit}"
        );
        Ok(self.store.rows(&sql).await?)
    }

    /// Numbers of selected dead letters, by queue, class, type and client; a limit doesn't apply.
    pub async fn counts(&self, selection: &Selection) -> Result<Vec<Count>, DeadLettersError> {
        let from = self.selected(selection).await?;
        let sql = format!(
            "SELECT l_queue AS queue, l_class AS class, l_event_type AS event_type, l_client AS client, count() AS letters, min(l_first_failed) AS oldest_ms, \
             max(l_last_failed) AS newest_ms FROM {from} GROUP BY l_queue, l_class, l_event_type, l_client \
             ORDER BY l_queue, l_class, l_event_type, l_client"
        );
        Ok(self.store.rows(&sql).await?)
    }

    /// Full dead letters of these keys, as they are now. For few and small ones.
    pub async fn letters(&self, keys: &[Key]) -> Result<Vec<StoredDeadLetter>, DeadLettersError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let pair = |key: &Key| format!("({}, {})", quote::text(&key.queue), quote::text(&key.id));
        let pairs: Vec<String> = keys.iter().map(pair).collect();
        let (queue, id) = (self.column("queue"), self.column("id"));
        let pairs = pairs.join(", ");
        self.whole(&format!("WHERE ({queue}, {id}) IN ({pairs})"))
            .await
    }

    /// Full dead letters with this id, decided or not.
    pub async fn by_id(&self, id: &str) -> Result<Vec<StoredDeadLetter>, DeadLettersError> {
        let (column, id) = (self.column("id"), quote::text(id));
        self.whole(&format!("WHERE {column} = {id}")).await
    }

    /// Makes sure that decisions can be recorded.
    pub async fn open_decisions(&self) -> Result<(), DeadLettersError> {
        Ok(decisions::open(&self.store).await?)
    }

    /// Records a decision about some dead letters.
    pub async fn decide(&self, action: Action, keys: &[Key]) -> Result<(), DeadLettersError> {
        Ok(decisions::record(&self.store, action, keys).await?)
    }

    async fn whole(&self, inner: &str) -> Result<Vec<StoredDeadLetter>, DeadLettersError> {
        let from = self.from(inner).await?;
        let names = FIELDS.map(|(name, _)| format!("l_{name}")).join(", ");
        let sql =
            format!("SELECT {names}, action FROM {from} ORDER BY l_last_failed, l_queue, l_id");
        Ok(self.store.rows(&sql).await?)
    }

    async fn selected(&self, selection: &Selection) -> Result<String, DeadLettersError> {
        let mut conditions = Vec::new();
        let lists = [
            ("l_queue", &selection.queues),
            ("l_event_type", &selection.types),
            ("l_class", &selection.classes),
            ("l_client", &selection.clients),
            ("l_id", &selection.ids),
        ];
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            let list = quote::texts(list.iter().map(String::as_str));
            conditions.push(format!("{name} IN {list}"));
        }
        for (bound, sign) in [(selection.since_ms, ">="), (selection.until_ms, "<")] {
            conditions.extend(bound.map(|at| format!("l_last_failed {sign} {at}")));
        }
        if !selection.decided {
            conditions.push("action = ''".to_owned());
        }
        if let Some(rest) = selection.rest {
            conditions.push(format!(
                "l_last_failed + {} * least(greatest(l_attempts, 1) - 1, 60) <= toUnixTimestamp64Milli(now64(3))",
                rest.as_millis()
            ));
        }
        let from = self.from("").await?;
        Ok(match conditions.is_empty() {
            true => from,
            false => format!("{from} WHERE {}", conditions.join(" AND ")),
        })
    }

    /// Subquery of the dead letters, with uniform names and their decisions.
    async fn from(&self, inner: &str) -> Result<String, StoreError> {
        let database = self.store.address().database();
        let table = quote::table(database, self.table.name);
        let fields: Vec<String> = FIELDS
            .iter()
            .map(|(name, kind)| format!("{} AS l_{name}", asked(*kind, &self.column(name))))
            .collect();
        let (fields, body) = (fields.join(", "), self.column("body"));
        let letters =
            format!("(SELECT {fields}, length({body}) AS l_size FROM {table} FINAL {inner}) AS l");
        // A reader doesn't create the decisions table.
        if !decisions::exists(&self.store).await? {
            return Ok(format!("(SELECT *, '' AS action FROM {letters})"));
        }
        let decisions_table = quote::table(database, decisions::DECISIONS);
        Ok(format!(
            "(SELECT l.*, toString(d.action) AS action FROM {letters} LEFT ANY JOIN \
             (SELECT queue AS d_queue, error_id AS d_id, toUnixTimestamp64Milli(last_failed) AS d_last_failed, action \
             FROM {decisions_table} FINAL) AS d ON l.l_queue = d.d_queue AND l.l_id = d.d_id AND l.l_last_failed = d.d_last_failed)"
        ))
    }

    fn column(&self, name: &str) -> String {
        quote::identifier(self.columns.get(name).copied().unwrap_or_default())
    }
}

/// SQL expression that reads a field from a column.
fn asked(kind: FieldKind, column: &str) -> String {
    match kind {
        FieldKind::Text | FieldKind::Count => format!("({column})"),
        FieldKind::Millis => format!("toUnixTimestamp64Milli({column})"),
        FieldKind::Bytes => format!("base64Encode({column})"),
    }
}

fn limit(selection: &Selection) -> String {
    let limit = selection.limit;
    limit.map_or_else(String::new, |limit| format!(" LIMIT {limit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_read_with_all_fields_of_the_record() {
        let fields = FIELDS.map(|(name, _)| format!("l_{name}"));
        let (last, read) = StoredDeadLetter::COLUMN_NAMES
            .split_last()
            .unwrap_or((&"", &[]));
        assert_eq!(read, fields);
        assert_eq!(*last, "action");
    }
}
