//! Span: an operation of a trace, from when it begins until it has ended and is handed to the exporter.

use std::borrow::Cow;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc::Sender;

use super::context::TraceContext;
use crate::metrics::traces::{QUEUE_FULL, SPANS};

/// Maximum number of links of a span.
pub const MOST_LINKS: usize = 32;

/// Maximum size of a text in an attribute, in bytes.
const LONGEST: usize = 256;

/// Why a span ended that nobody has ended: what it was about was given up.
const GIVEN_UP: &str = "given_up";

/// Kind of a span, as OTLP numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A request that is answered.
    Server = 2,
    /// A request to another server.
    Client = 3,
    /// A message that is published.
    Producer = 4,
    /// A message that is processed.
    Consumer = 5,
}

/// Value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(Cow<'static, str>),
    /// A whole number.
    Integer(i64),
}

/// Span that has not ended yet. Dropped, it ends as an error: what it was about was given up.
#[derive(Debug)]
#[must_use = "a span that is dropped has ended"]
pub struct Span {
    queue: Sender<Box<Recorded>>,
    began: Instant,
    /// None once it has ended.
    recorded: Option<Box<Recorded>>,
}

/// What is recorded of a span.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) context: TraceContext,
    pub(super) parent: Option<[u8; 8]>,
    /// True if the parent is of another process.
    pub(super) is_remote: bool,
    pub(super) kind: Kind,
    pub(super) name: Cow<'static, str>,
    /// In nanoseconds since the epoch.
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) attributes: Vec<(&'static str, Value)>,
    pub(super) links: Vec<TraceContext>,
    pub(super) links_left_out: u32,
    /// Type of the error that it ended with.
    pub(super) error: Option<Cow<'static, str>>,
}

impl Span {
    /// Begins a span now: in the trace of its parent, or in a new one.
    pub(super) fn begin(
        queue: Sender<Box<Recorded>>,
        parent: Option<TraceContext>,
        kind: Kind,
        name: Cow<'static, str>,
    ) -> Self {
        let trace = parent.map_or_else(id, |parent| parent.trace);
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        let start = since_epoch.unwrap_or_default().as_nanos();
        let recorded = Recorded {
            context: TraceContext::of(trace, id()),
            parent: parent.map(|parent| parent.span),
            is_remote: matches!(kind, Kind::Server | Kind::Consumer) && parent.is_some(),
            kind,
            name,
            start: u64::try_from(start).unwrap_or_default(),
            end: 0,
            attributes: Vec::with_capacity(8),
            links: Vec::new(),
            links_left_out: 0,
            error: None,
        };
        Span {
            queue,
            began: Instant::now(),
            recorded: Some(Box::new(recorded)),
        }
    }

    /// Its context, for what it causes elsewhere.
    pub fn context(&self) -> Option<TraceContext> {
        self.recorded.as_ref().map(|recorded| recorded.context)
    }

    /// Sets an attribute. Never a body, or a part of one.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        if let Some(recorded) = &mut self.recorded {
            recorded.attributes.push((name, value.into()));
        }
    }

    /// Links it to another span, up to [`MOST_LINKS`].
    pub fn link(&mut self, to: TraceContext) {
        if let Some(recorded) = &mut self.recorded {
            match recorded.links.len() < MOST_LINKS {
                true => recorded.links.push(to),
                false => recorded.links_left_out += 1,
            }
        }
    }

    /// Marks it as an error of this type: a word, or a number.
    pub fn fail(&mut self, error: impl Into<Cow<'static, str>>) {
        if let Some(recorded) = &mut self.recorded {
            recorded.error = Some(error.into());
        }
    }

    /// Ends it now.
    pub fn end(mut self) {
        self.submit();
    }

    fn submit(&mut self) {
        let Some(mut recorded) = self.recorded.take() else {
            return;
        };
        let took = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        recorded.end = recorded.start.saturating_add(took);
        if self.queue.try_send(recorded).is_err() {
            SPANS.with([QUEUE_FULL]).increment(1);
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(recorded) = &mut self.recorded
            && recorded.error.is_none()
        {
            recorded.error = Some(Cow::Borrowed(GIVEN_UP));
        }
        self.submit();
    }
}

/// An id, which is never all zeros.
fn id<const N: usize>() -> [u8; N] {
    let mut id: [u8; N] = std::array::from_fn(|_| rand::random());
    if let Some(last) = id.last_mut() {
        *last |= u8::from(*last == 0);
    }
    id
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Value::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value {
    fn from(mut text: String) -> Self {
        text.truncate(text.floor_char_boundary(LONGEST));
        Value::Text(Cow::Owned(text))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Integer(number)
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Value::Integer(number.into())
    }
}
