//! Outcome of a request of a webhook that is not refused.

/// Outcome of a request that is not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Its message is confirmed by the broker, and only its destination may keep it from being stored.
    Good {
        /// Id of the message.
        id: String,
    },
    /// It can't be stored, not everywhere at least, and is kept as a dead letter.
    Kept {
        /// Id of the message.
        id: String,
        /// Reason.
        reason: String,
        /// Field that is wrong, if it is a field.
        field: Option<String>,
        /// Id of the dead letter; of the first one, if several queues can't store it.
        letter: String,
        /// True if other queues can store it, and do.
        partly: bool,
    },
}
