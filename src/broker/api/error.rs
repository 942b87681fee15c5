//! Errors of publishing and consuming.

/// Reason why a message was not published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// There is no connection, and the message was not sent.
    #[error("the broker is not connected: {reason}")]
    Down {
        /// Cause of the lost connection.
        reason: String,
    },
    /// The broker takes no messages for want of memory or disk, and this one was not sent.
    #[error("the broker takes no messages at the moment: {reason}")]
    Blocked {
        /// Answer of the broker.
        reason: String,
    },
    /// The broker answered that it doesn't take the message.
    #[error("the broker refused the message; a queue that it goes to is full")]
    Refused,
    /// The message may or may not have been taken.
    #[error("it is not known whether the broker has the message: {reason}")]
    Unknown {
        /// Reason why there was no answer.
        reason: String,
    },
    /// The body is larger than a message may be.
    #[error("the message has {size} bytes, and at most {limit} are allowed")]
    TooLarge {
        /// The body's size in bytes.
        size: usize,
        /// The largest allowed.
        limit: usize,
    },
    /// The headers are larger than a message's may be.
    #[error(
        "the message's properties and headers take {size} bytes, and at most {limit} are allowed"
    )]
    HeadersTooLarge {
        /// Their size in bytes, as AMQP writes them.
        size: usize,
        /// The largest allowed.
        limit: usize,
    },
    /// A short text of the message is longer than AMQP allows.
    #[error("the {what} has {size} bytes, and AMQP allows 255")]
    TooLong {
        /// The text.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
    },
    /// The broker lets nobody publish to this exchange for now, and the message was not sent.
    #[error("the broker takes no messages for exchange `{exchange}`: {reason}")]
    Shut {
        /// The exchange, empty for the default one.
        exchange: String,
        /// Answer of the broker when it was last asked.
        reason: String,
    },
    /// The exchange isn't part of the topology.
    #[error("there is no exchange `{exchange}` in the pipeline")]
    NoExchange {
        /// The name that was asked for.
        exchange: String,
    },
    /// Nothing takes such a message.
    #[error("no queue is bound to exchange `{exchange}` with routing key `{routing_key}`")]
    Unroutable {
        /// The exchange, empty for the default one.
        exchange: String,
        /// The routing key.
        routing_key: String,
    },
    /// The broker is being closed, and the message was not sent.
    #[error("the broker is closing")]
    Closed,
}

impl PublishError {
    /// True if the message may have been taken all the same. Repeating it is safe, but may store it twice.
    pub fn may_be_taken(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }

    /// True if a queue may have it all the same. A broker that refuses a message for one queue may have put it into
    /// another one.
    pub(in crate::broker) fn may_be_there(&self) -> bool {
        self.may_be_taken() || matches!(self, Self::Refused)
    }

    /// True if the same message may be taken later, or by another instance.
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::Down { .. }
            | Self::Blocked { .. }
            | Self::Refused
            | Self::Unknown { .. }
            | Self::Shut { .. }
            | Self::Closed => true,
            Self::TooLarge { .. }
            | Self::HeadersTooLarge { .. }
            | Self::TooLong { .. }
            | Self::NoExchange { .. }
            | Self::Unroutable { .. } => false,
        }
    }

    /// Sentence for those who send, who needn't know what stands behind this server: no host, no name of an exchange and
    /// nothing that the broker said.
    pub fn told(&self) -> String {
        match self {
            Self::Down { .. } => "the broker is not connected".to_owned(),
            Self::Blocked { .. } => "the broker takes no messages at the moment".to_owned(),
            Self::Unknown { .. } => "it is not known whether the broker has the message".to_owned(),
            Self::Shut { .. } => "the broker takes no messages of this kind for now".to_owned(),
            Self::NoExchange { .. } => "the broker has no place for this message".to_owned(),
            Self::Unroutable { .. } => "no queue takes this message".to_owned(),
            Self::Refused
            | Self::TooLarge { .. }
            | Self::HeadersTooLarge { .. }
            | Self::TooLong { .. }
            | Self::Closed => self.to_string(),
        }
    }

    /// Word for metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Down { .. } => "down",
            Self::Blocked { .. } => "blocked",
            Self::Refused => "refused",
            Self::Unknown { .. } => "unknown",
            Self::TooLarge { .. } => "too_large",
            Self::HeadersTooLarge { .. } => "headers_too_large",
            Self::TooLong { .. } => "too_long",
            Self::Shut { .. } => "shut",
            Self::NoExchange { .. } => "no_exchange",
            Self::Unroutable { .. } => "unroutable",
            Self::Closed => "closed",
        }
    }
}

/// Reason why a queue can't be consumed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConsumeError {
    /// The queue isn't part of the topology, or not in use.
    #[error("there is no queue `{queue}` in use")]
    NoQueue {
        /// The name that was asked for.
        queue: String,
    },
    /// The broker is being closed.
    #[error("the broker is closing")]
    Closed,
}
