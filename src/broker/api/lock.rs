//! A lock among the instances that share a broker.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

/// Held by one instance at a time. It ends with the connection that it was taken over, at the latest.
#[must_use = "a lock that is not kept is no use"]
pub struct Lock {
    /// Future that gives the lock back, and owns what the backend holds for it; none where there is one instance only.
    release: Option<BoxFuture<'static, ()>>,
}

impl Lock {
    /// A lock where there is nobody else.
    pub(in crate::broker) fn alone() -> Self {
        Lock { release: None }
    }

    /// A lock that this future gives back.
    pub(in crate::broker) fn until(release: impl Future<Output = ()> + Send + 'static) -> Self {
        Lock {
            release: Some(release.boxed()),
        }
    }

    /// Lets others have it.
    pub async fn release(self) {
        if let Some(release) = self.release {
            release.await;
        }
    }
}
