//! A lock among the instances that share a broker.

use crate::broker::rabbitmq as rabbit;

/// Held by one instance at a time. It ends with the connection that it was taken over, at the latest.
#[must_use = "a lock that is not kept is no use"]
pub struct Lock {
    held: Option<rabbit::HeldLock>,
}

impl Lock {
    /// A lock where there is nobody else.
    pub(in crate::broker) fn alone() -> Self {
        Lock { held: None }
    }

    pub(in crate::broker) fn rabbit(held: rabbit::HeldLock) -> Self {
        Lock { held: Some(held) }
    }

    /// Lets others have it.
    pub async fn release(self) {
        if let Some(held) = self.held {
            held.release().await;
        }
    }
}
