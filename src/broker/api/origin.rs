//! What a message that replaces a delivery remembers of it. Only the backend that made it can look inside.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// The delivery that a message replaces, as its backend knows it.
#[derive(Clone)]
pub(in crate::broker) struct Origin {
    known: Option<Arc<dyn Any + Send + Sync>>,
}

impl Origin {
    /// Of a backend that need not know which delivery it was.
    pub(in crate::broker) fn any() -> Self {
        Origin { known: None }
    }

    /// With what the backend knows of the delivery.
    pub(in crate::broker) fn of<T: Send + Sync + 'static>(known: Arc<T>) -> Self {
        Origin { known: Some(known) }
    }

    /// What the backend knows of the delivery; none if another one made this.
    pub(in crate::broker) fn known<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        Arc::downcast(Arc::clone(self.known.as_ref()?)).ok()
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin").finish_non_exhaustive()
    }
}
