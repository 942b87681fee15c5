//! Lines of a tap: what it took, filtered and masked, and between them what it passed over.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::ask::Ask;
use super::personal::Personal;
use super::render::Renderer;
use crate::tap::{Capture, Counts, Tap};

/// Interval at which a tap says what it passed over, and that it is open.
const TOLD: Duration = Duration::from_secs(1);

/// Maximum number of bytes that a tap sends.
const MOST: usize = 256 << 20;

/// Maximum length of a line, in bytes.
const LONGEST: usize = 256 << 10;

/// Lines of an open tap.
pub(super) struct Lines {
    tap: Tap,
    ask: Ask,
    renderer: Renderer,
    /// None if personal fields are shown.
    personal: Option<Arc<Personal>>,
    stop: CancellationToken,
    until: Instant,
    told: (Instant, Counts),
    shown: u64,
    sent: usize,
    state: State,
}

#[derive(PartialEq)]
enum State {
    New,
    Open,
    Ended,
}

impl Lines {
    pub(super) fn new(
        tap: Tap,
        ask: Ask,
        renderer: Renderer,
        personal: Option<Arc<Personal>>,
        stop: CancellationToken,
    ) -> Self {
        let now = Instant::now();
        Lines {
            until: now + ask.time,
            told: (now, Counts::default()),
            tap,
            ask,
            renderer,
            personal,
            stop,
            shown: 0,
            sent: 0,
            state: State::New,
        }
    }

    /// The lines. `held` lives as long as they do.
    pub(super) fn stream<H: Send + 'static>(
        self,
        held: H,
    ) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
        unfold((self, held), async |(mut lines, held)| {
            let line = lines.next().await?;
            Some((Ok(line), (lines, held)))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        let value = match self.state {
            State::Ended => return None,
            State::New => {
                self.state = State::Open;
                self.told("open")
            }
            State::Open => self.event().await,
        };
        let mut line = value.to_string();
        if line.len() > LONGEST {
            let mut short = json!({ "too_long": line.len() });
            for name in ["time", "stage", "type", "id"] {
                if let (Some(value), Some(short)) = (value.get(name), short.as_object_mut()) {
                    short.insert(name.to_owned(), value.clone());
                }
            }
            line = short.to_string();
        }
        line.push('\n');
        self.sent += line.len();
        Some(line.into())
    }

    /// The next event that matches, or a line about the tap.
    async fn event(&mut self) -> Value {
        loop {
            if self.ask.count.is_some_and(|most| self.shown >= most) {
                return self.ends("count");
            }
            if self.sent >= MOST {
                return self.ends("bytes");
            }
            let due = self.told.0 + TOLD;
            // Also under a flood of events that don't match.
            if Instant::now() >= due {
                return self.told("open");
            }
            let stop = self.stop.clone();
            let capture = tokio::select! {
                biased;
                () = stop.cancelled() => return self.ends("the server stops"),
                () = sleep_until(self.until) => return self.ends("time"),
                capture = timeout_at(due, self.tap.next()) => capture,
            };
            let Ok(Some(capture)) = capture else {
                continue;
            };
            if let Some(shown) = self.matching(&capture) {
                self.shown += 1;
                return shown;
            }
            // Decoding takes a while; others have their turns.
            tokio::task::consume_budget().await;
        }
    }

    fn matching(&mut self, capture: &Capture) -> Option<Value> {
        let mut shown = self.renderer.shown(capture);
        if let Some(personal) = &self.personal {
            personal.mask_shown(&mut shown);
        }
        match &self.ask.filter {
            Some(filter) if !filter.matches(&shown) => None,
            _ => Some(shown),
        }
    }

    fn ends(&mut self, why: &'static str) -> Value {
        self.state = State::Ended;
        self.told(why)
    }

    /// What became of all that it selects by names.
    fn told(&mut self, state: &str) -> Value {
        let counts = self.tap.counts();
        self.told = (Instant::now(), counts);
        json!({ "tap": {
            "state": state,
            "shown": self.shown,
            "looked_at": counts.taken,
            "sampled_out": counts.sampled,
            "dropped": counts.dropped,
        } })
    }
}
