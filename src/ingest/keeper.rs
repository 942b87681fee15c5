//! Keeps webhook messages that can't be stored: as the dead letters that the workers of their queues would make.

use std::time::Duration;

use tokio::time::timeout;

use super::answer::PublishOutcome;
use super::publisher::Publisher;
use super::quarantine::count;
use crate::broker::{HeaderValue, Letter, Outgoing, PublishError};
use crate::contract::{Queue, Route, Source, headers};
use crate::dead_letter::{Record, letter_id};
use crate::rate::Rate;
use crate::row_error::RowError;
use crate::time::now_ms;

/// Rate of dead letters that are promised to their senders: bytes a second in the long run, and bytes at once.
const PROMISED: (u64, u64) = (4 << 20, 16 << 20);

/// Rate of dead letters whose senders are told to fix the message, likewise.
const REFUSED: (u64, u64) = (256 << 10, 2 << 20);

/// How long a refused request waits for its dead letters to be confirmed.
const TIME_LIMIT: Duration = Duration::from_secs(2);

/// Keeps the bad messages of a source.
#[derive(Debug)]
pub(super) struct Keeper {
    source: &'static Source,
    fingerprint: &'static str,
    promised: Rate,
    refused: Rate,
}

impl Keeper {
    /// Keeper of a source, of the pipeline with this fingerprint.
    pub(super) fn new(source: &'static Source, fingerprint: &'static str) -> Self {
        Keeper {
            source,
            fingerprint,
            promised: Rate::new(PROMISED.0, PROMISED.1),
            refused: Rate::new(REFUSED.0, REFUSED.1),
        }
    }

    /// Dead letters of a message: one for each queue that can't store it, as its worker would make it. If no queue is
    /// known, the source's `rejects` keeps it. None if nothing would keep it.
    pub(super) fn letters(
        &self,
        message: &Outgoing,
        bad: &[(&'static Queue, RowError)],
        otherwise: Option<&RowError>,
    ) -> Vec<Outgoing> {
        let of_queues = bad.iter().filter_map(|(queue, bad)| {
            Some(self.letter(message, queue.name, queue.dead_letter?, bad))
        });
        let letters: Vec<Outgoing> = of_queues.collect();
        match (self.source.rejects, otherwise) {
            (Some(route), Some(bad)) if letters.is_empty() => {
                vec![self.letter(message, "", route, bad)]
            }
            _ => letters,
        }
    }

    fn letter(&self, message: &Outgoing, queue: &str, route: Route, bad: &RowError) -> Outgoing {
        let properties = &message.properties;
        let own_id = properties.message_id.as_deref().unwrap_or_default();
        let client = match properties.header(headers::CLIENT) {
            Some(HeaderValue::Text(name)) => name.as_str(),
            _ => "",
        };
        let now_ms = now_ms();
        let sent = properties.timestamp.and_then(|at| at.checked_mul(1000));
        Letter {
            id: letter_id(queue, client, own_id, &message.body),
            record: Record {
                reason: &bad.to_string(),
                class: bad.class().name(),
                queue,
                exchange: &message.exchange,
                routing_key: &message.routing_key,
                event_type: "",
                attempts: 1,
                first_failed_ms: now_ms,
                last_failed_ms: now_ms,
                fingerprint: self.fingerprint,
                message_id: own_id,
                sent_ms: sent.and_then(|ms| i64::try_from(ms).ok()),
                client,
            },
            now_ms,
            content_type: properties.content_type.clone(),
            kind: properties.kind.clone(),
            schema: properties.schema,
            trace: properties.trace,
            // The record names the client.
            sent: {
                let sent = properties.headers.iter();
                sent.filter(|(name, _)| name != headers::CLIENT)
                    .cloned()
                    .collect()
            },
        }
        .outgoing(route, message.body.clone())
    }

    /// Takes room for promised dead letters; true if there was enough.
    pub(super) fn has_room(&self, letters: &[Outgoing]) -> bool {
        let has_room = self.promised.take(weight(letters)).is_ok();
        if !has_room {
            count(self.source.name, "postponed", letters.len());
        }
        has_room
    }

    /// Publishes dead letters; an error unless all are confirmed.
    pub(super) async fn keep(
        &self,
        publisher: &Publisher,
        letters: Vec<Outgoing>,
    ) -> PublishOutcome {
        for letter in letters {
            let kept = publisher.publish(letter).await;
            let outcome = if kept.is_ok() { "kept" } else { "failed" };
            count(self.source.name, outcome, 1);
            kept?;
        }
        Ok(())
    }

    /// Publishes dead letters whose sender is told to fix the message, if there is room and it doesn't take long.
    pub(super) async fn try_to_keep(&self, publisher: &Publisher, letters: Vec<Outgoing>) {
        let several = letters.len();
        if self.refused.take(weight(&letters)).is_err() {
            count(self.source.name, "dropped", several);
            return;
        }
        let kept = timeout(TIME_LIMIT, self.keep(publisher, letters)).await;
        let kept = kept.unwrap_or_else(|_| {
            count(self.source.name, "failed", 1);
            Err(PublishError::Unknown {
                reason: format!("no answer within {TIME_LIMIT:?}"),
            })
        });
        if let Err(error) = kept {
            tracing::debug!(source = self.source.name, %error, "The dead letter of a refused message could not be published.");
        }
    }
}

fn weight(letters: &[Outgoing]) -> u64 {
    letters.iter().map(Outgoing::weight).sum()
}
