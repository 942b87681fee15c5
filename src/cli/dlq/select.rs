//! Which letters a command is about.

use crate::cli::time;
use crate::sink::clickhouse::letters::Selection;

/// Without any of these, all letters that nobody has decided about.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Select {
    /// Only letters of this queue, or refused by this source; may be repeated.
    #[arg(long, value_name = "NAME")]
    queue: Vec<String>,
    /// Only letters of this event type (its number, where it was not known); may be repeated.
    #[arg(long = "type", value_name = "NAME")]
    event_type: Vec<String>,
    /// Only letters of this class, as in bad_value, refused, unknown_type; may be repeated.
    #[arg(long, value_name = "CLASS")]
    class: Vec<String>,
    /// Only the letter with this id; may be repeated.
    #[arg(long, value_name = "ID")]
    id: Vec<String>,
    /// Only letters that last failed then or later: an RFC 3339 time, or an age like 2h.
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    since: Option<i64>,
    /// Only letters that last failed before.
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    until: Option<i64>,
}

impl Select {
    /// The selection, with at most so many letters.
    pub(super) fn selection(self, limit: Option<u64>) -> Selection {
        Selection {
            queues: self.queue,
            types: self.event_type,
            classes: self.class,
            ids: self.id,
            since_ms: self.since,
            until_ms: self.until,
            limit,
            ..Selection::default()
        }
    }
}
