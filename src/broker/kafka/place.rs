//! Places in the topics of a queue: lanes, partitions, records and offsets.

use std::sync::Arc;

use crate::broker::api::delivery::Range;
use crate::broker::api::topology::QueueSpec;

/// Topic of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Lane {
    /// That of its messages.
    Messages,
    /// That of the messages that go back.
    Retries,
}

impl Lane {
    /// Both.
    pub(super) const ALL: [Lane; 2] = [Lane::Messages, Lane::Retries];

    /// Name of this topic of a queue.
    pub(super) fn topic(self, queue: &QueueSpec) -> String {
        let [messages, retries] = queue.topics().unwrap_or_default();
        match self {
            Lane::Messages => messages,
            Lane::Retries => retries,
        }
    }

    /// Which of a queue's topics has this name.
    pub(super) fn named(queue: &QueueSpec, name: &str) -> Option<Lane> {
        let mut lanes = Lane::ALL.into_iter();
        lanes.find(|lane| lane.topic(queue) == name)
    }
}

/// Partition of one of a queue's topics.
pub(super) type Place = (Lane, i32);

/// Commits offsets; true if it has.
pub(super) type Committer = Arc<dyn Fn(&[Commit]) -> bool + Send + Sync>;

/// An offset that is to be committed, and what is written down beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) place: Place,
    pub(super) offset: i64,
    pub(super) pins: String,
}

/// What a message is a part of in its partition.
pub(super) struct Stretch {
    /// Offset after the message before it.
    pub(super) begins: i64,
    /// Range that it was pinned in.
    pub(super) pinned: Option<Range>,
}

/// A record as it is to be handed on.
pub(super) struct Record {
    pub(super) place: Place,
    pub(super) offset: i64,
    /// When it was written, in milliseconds since the epoch.
    pub(super) written_ms: i64,
    pub(super) bytes: u64,
}
