//! Selection of dead letters by command-line options.

use crate::cli::time;
use crate::sink::clickhouse::dead_letters::Selection;

/// Without any of these options, all dead letters without a decision.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Select {
    /// Only dead letters of this queue, or refused by this source; may be repeated.
    #[arg(long, value_name = "NAME")]
    queue: Vec<String>,
    /// Only dead letters of this event type (its number if it was unknown); may be repeated.
    #[arg(long = "type", value_name = "NAME")]
    event_type: Vec<String>,
    /// Only dead letters of this class, such as bad_value, refused, unknown_type; may be repeated.
    #[arg(long, value_name = "CLASS")]
    class: Vec<String>,
    /// Only dead letters of what this client sent, by its name in the file of keys; an empty name is for unknown senders;
    /// may be repeated.
    #[arg(long, value_name = "NAME")]
    client: Vec<String>,
    /// Only the dead letter with this id; may be repeated.
    #[arg(long, value_name = "ID")]
    id: Vec<String>,
    /// Only dead letters that last failed then or later: an RFC 3339 time, or an age like 2h.
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    since: Option<i64>,
    /// Only dead letters that last failed before.
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    until: Option<i64>,
}

impl Select {
    /// Selection with at most so many dead letters.
    pub(super) fn selection(self, limit: Option<u64>) -> Selection {
        Selection {
            queues: self.queue,
            types: self.event_type,
            classes: self.class,
            clients: self.client,
            ids: self.id,
            since_ms: self.since,
            until_ms: self.until,
            limit,
            ..Selection::default()
        }
    }
}
