//! Gate of a target: closed while the target is wrong or unavailable, and probed by one message at a time.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard, watch};

/// Probe interval of a closed target.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// Gate of one target. All workers that send to it go through it.
#[derive(Debug)]
pub(super) struct Gate {
    shut: watch::Sender<bool>,
    /// Lock of the message that probes.
    probe: Mutex<()>,
}

/// Right to send.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    /// Held until the outcome is known, so that only one message probes.
    _probe: Option<MutexGuard<'a, ()>>,
}

impl Gate {
    pub(super) fn new() -> Self {
        Gate {
            shut: watch::Sender::new(false),
            probe: Mutex::new(()),
        }
    }

    /// Waits until the gate is open, or it is this message's turn to probe.
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

    /// True if messages must wait.
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
    /// True if it probes a closed target.
    pub(super) fn is_probe(&self) -> bool {
        self._probe.is_some()
    }
}
