//! Origin: an opaque reference from a message to the delivery that it replaces. Only the backend that made it can read
//! it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Reference to the delivery that a message replaces.
#[derive(Clone)]
pub(in crate::broker) struct Origin {
    known: Option<Arc<dyn Any + Send + Sync>>,
}

impl Origin {
    /// Origin for backends that need not know which delivery it was.
    pub(in crate::broker) fn any() -> Self {
        Origin { known: None }
    }

    /// Origin with what the backend knows of the delivery.
    pub(in crate::broker) fn of<T: Send + Sync + 'static>(known: Arc<T>) -> Self {
        Origin { known: Some(known) }
    }

    /// What the backend knows of the delivery; none if another backend made this.
    pub(in crate::broker) fn known<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        Arc::downcast(Arc::clone(self.known.as_ref()?)).ok()
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin").finish_non_exhaustive()
    }
}
