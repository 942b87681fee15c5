//! Exporter: sends spans to the collector, many at once, beside everything else.

use std::pin::pin;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Trouble;
use super::collector::{Collector, NotTaken};
use super::span::Recorded;
use crate::metrics::traces::{EXPORTED, REFUSED, SPANS, UNSENT};

/// Maximum number of spans of one export.
const MOST: usize = 512;

/// How long the first span of an export waits for others.
const DELAY: Duration = Duration::from_secs(1);

/// Attempts at an export that the collector doesn't take, and the pause before the second, which doubles each time.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_secs(1);

/// How long the last spans may take at the end.
const LAST: Duration = Duration::from_secs(2);

/// Exporter of spans.
#[derive(Debug)]
pub struct Exporter {
    collector: Collector,
    spans: mpsc::Receiver<Box<Recorded>>,
    trouble: watch::Sender<Option<Trouble>>,
}

impl Exporter {
    pub(super) fn new(
        collector: Collector,
        spans: mpsc::Receiver<Box<Recorded>>,
        trouble: watch::Sender<Option<Trouble>>,
    ) -> Self {
        Exporter {
            collector,
            spans,
            trouble,
        }
    }

    /// Exports until `stop` is cancelled, and then what there is, for two seconds at most.
    pub async fn run(mut self, stop: CancellationToken) {
        let end = async {
            stop.cancelled().await;
            sleep(LAST).await;
        };
        let mut end = pin!(end);
        while let Some(batch) = self.batch(&stop).await {
            let count = batch.len() as u64;
            tokio::select! {
                biased;
                () = self.export(batch, &stop) => {}
                () = &mut end => {
                    SPANS.with([UNSENT]).increment(count);
                    break;
                }
            }
        }
        self.spans.close();
        while self.spans.try_recv().is_ok() {
            SPANS.with([UNSENT]).increment(1);
        }
    }

    /// Spans that are exported together; none when it has to stop and there are no more.
    async fn batch(&mut self, stop: &CancellationToken) -> Option<Vec<Recorded>> {
        let mut until = pin!(stop.cancelled());
        let first = tokio::select! {
            biased;
            span = self.spans.recv() => span?,
            () = &mut until => return None,
        };
        let mut batch = vec![*first];
        let mut delay = pin!(sleep(DELAY));
        while batch.len() < MOST {
            let span = tokio::select! {
                biased;
                span = self.spans.recv() => span,
                () = &mut delay => None,
                () = &mut until => None,
            };
            match span {
                Some(span) => batch.push(*span),
                None => break,
            }
        }
        Some(batch)
    }

    /// Sends an export until the collector has taken it, or it was tried often enough.
    async fn export(&self, batch: Vec<Recorded>, stop: &CancellationToken) {
        let count = batch.len() as u64;
        let request = self.collector.request(batch);
        let (mut pause, mut outcome) = (PAUSE, UNSENT);
        for attempt in 1.. {
            let NotTaken { may_pass, reason } = match self.collector.send(request.clone()).await {
                Ok(refused) => {
                    let refused = refused.min(count);
                    SPANS.with([EXPORTED]).increment(count - refused);
                    SPANS.with([REFUSED]).increment(refused);
                    return self.recovered();
                }
                Err(not_taken) => not_taken,
            };
            self.failed(reason);
            if !may_pass {
                outcome = REFUSED;
            }
            if !may_pass || attempt >= ATTEMPTS || stop.is_cancelled() {
                break;
            }
            if stop.run_until_cancelled(sleep(pause)).await.is_none() {
                break;
            }
            pause *= 2;
        }
        SPANS.with([outcome]).increment(count);
    }

    /// Notes an outage; logs it once.
    fn failed(&self, reason: String) {
        self.trouble.send_if_modified(|trouble| {
            if trouble.is_none() {
                tracing::warn!(
                    reason,
                    "Spans can't be exported; they are dropped until the collector takes them."
                );
            }
            let since = trouble
                .as_ref()
                .map_or_else(SystemTime::now, |one| one.since);
            *trouble = Some(Trouble { since, reason });
            true
        });
    }

    /// Notes that an outage has ended.
    fn recovered(&self) {
        self.trouble.send_if_modified(|trouble| {
            let ended = trouble.take();
            if let Some(trouble) = &ended {
                let seconds = trouble.since.elapsed().map_or(0, |time| time.as_secs());
                tracing::info!(seconds, "Spans are exported again.");
            }
            ended.is_some()
        });
    }
}
