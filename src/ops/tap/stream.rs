//! Lines of a tap: what it took, filtered and masked, and between them what it passed over.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use serde_json::json;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::ask::Ask;
use super::show::Show;
use crate::tap::{Capture, Counts, Tap};

/// Interval at which a tap says what it passed over, and that it is open.
const TOLD: Duration = Duration::from_secs(1);

/// Maximum number of bytes that a tap sends.
const MOST: usize = 256 << 20;

/// Size from which it takes long to show a capture, some milliseconds, in bytes.
const LARGE: usize = 64 << 10;

/// Lines of an open tap.
pub(super) struct Lines {
    tap: Tap,
    ask: Ask,
    show: Arc<Show>,
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
    pub(super) fn new(tap: Tap, ask: Ask, show: Show, stop: CancellationToken) -> Self {
        let now = Instant::now();
        Lines {
            until: now + ask.time,
            told: (now, Counts::default()),
            tap,
            ask,
            show: Arc::new(show),
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
        let mut line = match self.state {
            State::Ended => return None,
            State::New => {
                self.state = State::Open;
                self.told("open")
            }
            State::Open => self.event().await,
        };
        line.push('\n');
        self.sent += line.len();
        Some(line.into())
    }

    /// The next event that matches, or a line about the tap.
    async fn event(&mut self) -> String {
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
            if let Some(line) = self.line(capture).await {
                self.shown += 1;
                return line;
            }
            // Decoding takes a while; others have their turns.
            tokio::task::consume_budget().await;
        }
    }

    /// The line of a capture that matches. A large one doesn't hold up what else this thread does.
    async fn line(&self, capture: Capture) -> Option<String> {
        if capture.content.len() < LARGE {
            return self.show.line(&capture);
        }
        let show = Arc::clone(&self.show);
        let line = tokio::task::spawn_blocking(move || show.line(&capture));
        line.await.ok().flatten()
    }

    fn ends(&mut self, why: &'static str) -> String {
        self.state = State::Ended;
        self.told(why)
    }

    /// What became of all that it selects by names.
    fn told(&mut self, state: &str) -> String {
        let counts = self.tap.counts();
        self.told = (Instant::now(), counts);
        let told = json!({ "tap": {
            "state": state,
            "shown": self.shown,
            "looked_at": counts.taken,
            "sampled_out": counts.sampled,
            "dropped": counts.dropped,
        } });
        told.to_string()
    }
}
