//! The gate of a target: shut while the target is wrong or gone, and tried by one message at a time.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard, watch};

/// How often a target that is wrong or gone is tried.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// The gate of one target. All workers that send to it go through it.
#[derive(Debug)]
pub(super) struct Gate {
    shut: watch::Sender<bool>,
    /// Held by the message that tries.
    probe: Mutex<()>,
}

/// The right to send.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    /// Held until the outcome is known, so that only one message tries.
    _probe: Option<MutexGuard<'a, ()>>,
}

impl Gate {
    pub(super) fn new() -> Self {
        Gate {
            shut: watch::Sender::new(false),
            probe: Mutex::new(()),
        }
    }

    /// Waits until the gate is open, or until it is this message's turn to try.
    pub(super) async fn pass(&self) -> Pass<'_> {
        let mut shut = self.shut.subscribe();
        let tried = async {
            let probe = self.probe.lock().await;
            tokio::time::sleep(PROBE_EVERY).await;
            probe
        };
        tokio::select! {
            biased;
            // The sender lives as long as the gate.
            _ = shut.wait_for(|shut| !shut) => Pass { _probe: None },
            probe = tried => Pass { _probe: Some(probe) },
        }
    }

    /// Whether messages must wait.
    pub(super) fn is_shut(&self) -> bool {
        *self.shut.borrow()
    }

    pub(super) fn shut(&self) {
        self.shut.send_replace(true);
    }

    pub(super) fn open(&self) {
        self.shut
            .send_if_modified(|shut| std::mem::replace(shut, false));
    }
}

impl Pass<'_> {
    /// Whether it tries what is shut.
    pub(super) fn is_probe(&self) -> bool {
        self._probe.is_some()
    }
}
