//! Traces: spans of what a request causes, from the call to the insert, sent to a collector by OTLP.
//!
//! Spans are made by hand at the few places where something waits: a request, a publish, a message that is processed, an
//! insert, a request to a target. What isn't sampled costs one check at each. A span is handed to a bounded queue when it
//! ends and never waited for: what has no room in it is dropped, and counted.

mod collector;
mod context;
mod export;
mod options;
mod otlp;
mod sampler;
mod span;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::{mpsc, watch};

pub use context::TraceContext;
pub use export::Exporter;
pub use options::{Options, TracesError};
pub use span::{Kind, MOST_LINKS, Span, Value};

use crate::rate::Rate;
use collector::Collector;
use sampler::Sampler;
use span::Recorded;

/// Maximum number of spans that wait to be exported.
const QUEUE: usize = 2048;

/// Messages that are traced: so many a second in the long run, and at once. Whoever may publish to the broker can set
/// `traceparent`, and a sampled request reaches all messages that hold a part of it.
const MESSAGES: (u64, u64) = (100, 1000);

/// What records spans. Clones share it; by default it is off.
#[derive(Debug, Clone, Default)]
pub struct Tracer(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    sampler: Sampler,
    messages: Rate,
    queue: mpsc::Sender<Box<Recorded>>,
    trouble: watch::Receiver<Option<Trouble>>,
    /// System that carries the messages, for attributes.
    messaging: &'static str,
}

/// Outage of the collector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Since when.
    pub since: SystemTime,
    /// Why spans can't be exported.
    pub reason: String,
}

impl Tracer {
    /// A tracer, and the exporter that sends what it records. `messaging` names the system that carries messages.
    ///
    /// # Errors
    ///
    /// If the certificates of the collector can't be read.
    pub fn new(
        options: &Options,
        messaging: &'static str,
    ) -> Result<(Self, Exporter), TracesError> {
        let collector = Collector::new(options)?;
        let (queue, spans) = mpsc::channel(QUEUE);
        let (told, trouble) = watch::channel(None);
        let shared = Shared {
            sampler: Sampler::new(options.ratio),
            messages: Rate::new(MESSAGES.0, MESSAGES.1),
            queue,
            trouble,
            messaging,
        };
        let exporter = Exporter::new(collector, spans, told);
        Ok((Tracer(Some(Arc::new(shared))), exporter))
    }

    /// True if anything is traced.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Begins the span of a request, if it is sampled.
    pub fn request(
        &self,
        parent: Option<TraceContext>,
        name: impl FnOnce() -> String,
    ) -> Option<Span> {
        let shared = self.0.as_ref()?;
        let sampled = shared.sampler.samples(parent);
        sampled.then(|| shared.span(parent, Kind::Server, name().into()))
    }

    /// Begins the span of a message that was received, if whoever published it records that.
    pub fn message(
        &self,
        made_in: Option<TraceContext>,
        name: impl FnOnce() -> String,
    ) -> Option<Span> {
        let (shared, parent) = (self.0.as_ref()?, made_in?);
        let traced = parent.is_sampled() && shared.messages.take(1).is_ok();
        traced.then(|| shared.span(Some(parent), Kind::Consumer, name().into()))
    }

    /// Begins a span that several others cause: the first is its parent, and it is linked to the rest.
    pub fn caused(
        &self,
        by: impl IntoIterator<Item = TraceContext>,
        kind: Kind,
        name: impl FnOnce() -> String,
    ) -> Option<Span> {
        let shared = self.0.as_ref()?;
        let mut causes = by.into_iter();
        let parent = causes.next()?;
        let mut span = shared.span(Some(parent), kind, name().into());
        let mut last = parent;
        for cause in causes {
            // One request has several parts in a message, and they come together.
            if cause != std::mem::replace(&mut last, cause) {
                span.link(cause);
            }
        }
        Some(span)
    }

    /// Name of the system that carries messages; empty if nothing is traced.
    pub fn messaging(&self) -> &'static str {
        self.0.as_ref().map_or("", |shared| shared.messaging)
    }

    /// Outage of the collector, while there is one.
    pub fn trouble(&self) -> Option<Trouble> {
        self.0.as_ref()?.trouble.borrow().clone()
    }
}

impl Shared {
    fn span(&self, parent: Option<TraceContext>, kind: Kind, name: Cow<'static, str>) -> Span {
        Span::begin(self.queue.clone(), parent, kind, name)
    }
}
