//! A lock among the instances that share a broker.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

/// Held by one instance at a time. It ends with the connection that it was taken over, at the latest.
#[must_use = "a lock that is not kept is no use"]
pub struct Lock {
    /// Gives it back. What the backend holds for it is in here; none where there is nobody else.
    release: Option<BoxFuture<'static, ()>>,
}

impl Lock {
    /// A lock where there is nobody else.
    pub(in crate::broker) fn alone() -> Self {
        Lock { release: None }
    }

    /// A lock that this gives back. Dropped, it lets go of what it holds.
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
