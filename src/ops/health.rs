//! Whether this instance wants traffic, as load balancers ask for it.

use std::sync::Arc;

use tokio::sync::watch;

/// Whether this instance wants traffic. All copies share one state.
#[derive(Debug, Clone)]
pub struct Health {
    beating: Arc<watch::Sender<bool>>,
}

impl Health {
    /// An instance that wants traffic.
    pub fn beating() -> Self {
        Health {
            beating: Arc::new(watch::Sender::new(true)),
        }
    }

    /// Whether it wants traffic now.
    pub fn is_beating(&self) -> bool {
        *self.beating.borrow()
    }

    /// From now on it wants traffic, or none.
    pub fn beat(&self, beating: bool) {
        self.beating.send_replace(beating);
    }

    /// Follows the changes.
    pub fn watch(&self) -> watch::Receiver<bool> {
        self.beating.subscribe()
    }
}
