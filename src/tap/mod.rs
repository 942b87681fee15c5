//! Taps: what goes by at a stage of the pipeline, for operators who look.
//!
//! A stage offers what it has done, and an offer never waits: what a tap has no room for is counted and passed over.
//! While nobody looks, a stage costs one relaxed load ([`Taps::at`]).

mod batch;
mod capture;
mod outlet;
mod selection;

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::mpsc;

pub use capture::{Capture, Content, Place, Seen, Shown, Stage};
pub use outlet::Counts;
pub use selection::Selection;

use crate::contract::{Envelope, Intake, Pipeline};
use crate::metrics::tap::OPEN;
use outlet::Outlet;

/// Maximum number of taps of an instance.
pub const MOST: usize = 4;

/// Maximum number of captures that wait for a tap's reader.
pub const WAITING: usize = 1_024;

/// Taps of an instance. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Taps(Arc<Hub>);

#[derive(Debug, Default)]
struct Hub {
    /// A bit for each stage that somebody looks at.
    stages: AtomicU8,
    /// Number of times that a stage had somebody to offer something to.
    looks: AtomicU64,
    outlets: RwLock<Vec<Arc<Outlet>>>,
    pipeline: Option<&'static Pipeline>,
}

/// Those who look at a stage now.
#[derive(Debug)]
pub struct Look<'a> {
    hub: &'a Hub,
    stage: Stage,
    outlets: Vec<Arc<Outlet>>,
}

/// An open tap. Dropped, it is closed.
#[derive(Debug)]
pub struct Tap {
    hub: Arc<Hub>,
    outlet: Arc<Outlet>,
    captures: mpsc::Receiver<Capture>,
}

impl Taps {
    /// Taps of an instance of this pipeline.
    pub fn of(pipeline: &'static Pipeline) -> Self {
        Taps(Arc::new(Hub {
            pipeline: Some(pipeline),
            ..Hub::default()
        }))
    }

    /// Those who look at a stage now; none, nearly always.
    #[inline]
    pub fn at(&self, stage: Stage) -> Option<Look<'_>> {
        match self.0.stages.load(Ordering::Relaxed) & stage.bit() {
            0 => None,
            _ => self.0.look(stage),
        }
    }

    /// True if anybody looks at any stage.
    #[inline]
    pub fn any(&self) -> bool {
        self.0.stages.load(Ordering::Relaxed) != 0
    }

    /// Opens a tap; none if there are as many as there may be.
    pub fn open(&self, selection: Selection) -> Option<Tap> {
        let (outlet, captures) = Outlet::new(selection, WAITING);
        let outlet = Arc::new(outlet);
        let mut outlets = self.0.write();
        if outlets.len() >= MOST {
            return None;
        }
        outlets.push(Arc::clone(&outlet));
        self.0.changed(&outlets);
        drop(outlets);
        Some(Tap {
            hub: Arc::clone(&self.0),
            outlet,
            captures,
        })
    }

    /// Number of open taps.
    pub fn count(&self) -> usize {
        self.0.read().len()
    }

    /// Number of times that a stage had somebody to offer something to, since the start: while nobody looks it stays as it
    /// is.
    pub fn looks(&self) -> u64 {
        self.0.looks.load(Ordering::Relaxed)
    }
}

impl Hub {
    #[cold]
    fn look(&self, stage: Stage) -> Option<Look<'_>> {
        let outlets = self.read();
        let outlets = outlets.iter().filter(|outlet| outlet.looks_at(stage));
        let outlets: Vec<_> = outlets.cloned().collect();
        if outlets.is_empty() {
            return None;
        }
        self.looks.fetch_add(1, Ordering::Relaxed);
        Some(Look {
            hub: self,
            stage,
            outlets,
        })
    }

    /// Layout of the batches that go to an exchange.
    fn envelope(&self, exchange: &str) -> Option<&'static Envelope> {
        let sources = self.pipeline?.sources.iter();
        let mut sources = sources.filter(|source| source.exchange == exchange);
        sources.find_map(|source| match source.intake {
            Intake::Grpc { envelope, .. } => Some(envelope),
            Intake::Post { .. } => None,
        })
    }

    /// Takes note of which stages are looked at.
    fn changed(&self, outlets: &[Arc<Outlet>]) {
        let stages = outlets.iter().fold(0, |all, outlet| all | outlet.stages());
        self.stages.store(stages, Ordering::Relaxed);
        OPEN.only().set(outlets.len() as f64);
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Arc<Outlet>>> {
        self.outlets.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Arc<Outlet>>> {
        self.outlets.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Look<'_> {
    /// Offers one event or message. It never waits.
    pub fn offer(&self, seen: &Seen<'_>, shown: Shown<'_>) {
        for outlet in &self.outlets {
            outlet.offer(self.stage, seen, shown);
        }
    }

    /// Offers the events of a batch that went to an exchange, one by one; what is no batch is offered as it is.
    pub fn offer_batch(&self, exchange: &str, seen: &Seen<'_>, body: &[u8]) {
        let Some(envelope) = self.hub.envelope(exchange) else {
            return self.offer(seen, Shown::Text(body));
        };
        let whole = batch::each_event(envelope, body, |client, header, event| {
            let seen = Seen {
                client: if client.is_empty() {
                    seen.client
                } else {
                    client
                },
                ..*seen
            };
            let shown = Shown::Event {
                envelope,
                header,
                event,
            };
            self.offer(&seen, shown);
        });
        if whole.is_err() {
            self.offer(seen, Shown::Text(body));
        }
    }
}

impl Tap {
    /// Next capture.
    pub async fn next(&mut self) -> Option<Capture> {
        self.captures.recv().await
    }

    /// What became of all that the tap selects.
    pub fn counts(&self) -> Counts {
        self.outlet.counts()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        let mut outlets = self.hub.write();
        outlets.retain(|outlet| !Arc::ptr_eq(outlet, &self.outlet));
        self.hub.changed(&outlets);
    }
}

#[cfg(test)]
mod tests;
