//! Quarantine: rejected events are published to the source's `rejects` as dead letters, with the reason.
//!
//! Events of types that this build doesn't know are kept for a later build, which replays them: those of a request that
//! have the same type are one dead letter, with the header once. Of refused events, whose sender is told what is wrong,
//! the first few are kept. Both are limited by a rate in bytes, so that a client can't flood the store.

use xxhash_rust::xxh3::xxh3_128;

use super::group::RequestBatch;
use super::late::Late;
use super::response::{Kept, Rejected};
use crate::broker::{self, Outgoing};
use crate::contract::{Retired, Route, Schema, Source, headers};
use crate::dead_letter::Record;
use crate::events::{AsJson, Event, Verdict};
use crate::metrics::intake::QUARANTINED;
use crate::rate::Rate;
use crate::time::now_ms;

/// Rate of dead letters of unknown types: bytes a second in the long run, and bytes at once.
const UNKNOWN: (u64, u64) = (4 << 20, 16 << 20);

/// Rate of dead letters of refused events, likewise.
const REFUSED: (u64, u64) = (256 << 10, 2 << 20);

/// Maximum number of unknown types of one request that are kept. A sender that is newer than the server has one or two.
const TYPES: usize = 16;

/// Maximum number of refused events of one request that are kept.
const FIRST: usize = 10;

/// Approximate maximum size of a dead letter with several events, in bytes. It has to fit into one message of any
/// broker.
const LETTER: usize = 1 << 20;

/// Quarantine of a source.
#[derive(Debug)]
pub struct Quarantine {
    source: &'static Source,
    fingerprint: &'static str,
    retired: Retired,
    unknown: Rate,
    refused: Rate,
}

/// Events on their way to quarantine.
#[derive(Debug)]
pub(super) struct Letter {
    /// Message that keeps them.
    pub(super) message: Outgoing,
    /// Number of events.
    pub(super) events: usize,
    /// True if their sender is told that they are kept.
    pub(super) promised: bool,
}

/// Outcome of the events of a request that are not valid.
#[derive(Debug, Default)]
pub(super) struct Rejections {
    pub(super) rejected: Rejected,
    pub(super) letters: Vec<Letter>,
    pub(super) left: Left,
    /// Events of retired types, which are accepted and not stored.
    pub(super) late: Late,
}

/// Counts the events of dead letters that are abandoned because the client is gone.
#[derive(Debug, Default)]
pub(super) struct Left {
    source: &'static str,
    events: usize,
}

impl Left {
    /// Notes that the outcome of so many events is known.
    pub(super) fn ended(&mut self, events: usize) {
        self.events = self.events.saturating_sub(events);
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        count(self.source, "given_up", self.events);
    }
}

/// Request, as its dead letters need it.
struct Whole<'a> {
    batch: &'a RequestBatch<'a>,
    json: Option<&'a AsJson<'a>>,
}

impl Whole<'_> {
    /// Weight of a dead letter with so many bytes of events.
    fn letter_weight(&self, bytes: usize) -> u64 {
        let json = self.json.map_or(0, |json| json.header_weight());
        json.max(self.batch.letters_weight(1, 0))
            .saturating_add(bytes as u64)
    }
}

impl Rejections {
    /// Weight of the dead letters and of the list.
    pub(super) fn weight(&self) -> u64 {
        let letters = self.letters.iter().map(|letter| letter.message.weight());
        letters.sum::<u64>().saturating_add(self.rejected.weight())
    }
}

impl Quarantine {
    /// Creates the quarantine of a source, of the pipeline with this fingerprint, in which this is retired.
    pub fn new(source: &'static Source, fingerprint: &'static str, retired: Retired) -> Self {
        let rate = |(per_second, at_once)| Rate::new(per_second, at_once);
        Quarantine {
            source,
            fingerprint,
            retired,
            unknown: rate(UNKNOWN),
            refused: rate(REFUSED),
        }
    }

    /// Decides what becomes of each event that is not valid. `json` is the request in JSON, if it was sent so.
    pub(super) fn judge(
        &self,
        batch: &RequestBatch<'_>,
        json: Option<&AsJson<'_>>,
        events: &[Event<'_>],
    ) -> Rejections {
        let mut judged = Rejections::default();
        let mut bad: Vec<(usize, &Event<'_>)> = events
            .iter()
            .enumerate()
            .filter(|(_, event)| !matches!(event.verdict, Verdict::Good(_)))
            .collect();
        judged.late = Late::take_out(&mut bad, &self.retired);
        if bad.is_empty() {
            return judged;
        }
        let request = Whole { batch, json };
        let kept = self.keep_unknown(&request, &bad, &mut judged.letters);
        self.keep_refused(&request, &bad, &mut judged.letters);
        let fate = |at: usize, event: &Event<'_>| match event.verdict.is_unknown() {
            true => kept.get(at).copied().unwrap_or(Kept::NotNow),
            false => Kept::Regardless,
        };
        // Retryable ones first: their sender has to know which they are.
        for retryable in [true, false] {
            for (at, (index, event)) in bad.iter().enumerate() {
                let fate = fate(at, event);
                let again = matches!(fate, Kept::NotNow | Kept::TooMany { .. });
                if again == retryable {
                    judged.rejected.add(*index, event, fate, json);
                }
            }
        }
        judged.rejected.listed.sort_by_key(|event| event.index);
        self.count("postponed", judged.rejected.retryable);
        judged.left = Left {
            source: self.source.name,
            events: judged.letters.iter().map(|letter| letter.events).sum(),
        };
        judged
    }

    /// Makes dead letters of the events of unknown types, and tells of each event if it is in one.
    fn keep_unknown(
        &self,
        request: &Whole<'_>,
        bad: &[(usize, &Event<'_>)],
        letters: &mut Vec<Letter>,
    ) -> Vec<Kept> {
        let Some(route) = self.source.rejects else {
            return vec![Kept::Nowhere; bad.len()];
        };
        let mut kept = vec![Kept::NotNow; bad.len()];
        // By number or name, in the order in which they were received.
        let mut types: Vec<(&Verdict, Vec<usize>)> = Vec::new();
        for (at, (_, event)) in bad.iter().enumerate() {
            let verdict = &event.verdict;
            if !verdict.is_unknown() {
                continue;
            }
            if let Some((_, places)) = types.iter_mut().find(|(of, _)| of.is_same_unknown(verdict))
            {
                places.push(at);
            } else if types.len() < TYPES {
                types.push((verdict, vec![at]));
            } else if let Some(kept) = kept.get_mut(at) {
                *kept = Kept::TooMany { types: TYPES };
            }
        }
        let event = |at: &usize| bad.get(*at).map(|(_, event)| *event);
        for (_, places) in types {
            for part in divided(&places, |at| event(at).map_or(0, |e| e.bytes.len())) {
                let events: Vec<&Event<'_>> = part.iter().filter_map(event).collect();
                let bytes = events.iter().map(|event| event.bytes.len()).sum();
                if self.unknown.take(request.letter_weight(bytes)).is_err() {
                    continue;
                }
                let Some(message) = self.message(route, request, &events) else {
                    continue;
                };
                for at in part {
                    if let Some(kept) = kept.get_mut(*at) {
                        *kept = Kept::Yes;
                    }
                }
                letters.push(Letter {
                    message,
                    events: events.len(),
                    promised: true,
                });
            }
        }
        kept
    }

    /// Makes dead letters of the first refused events.
    fn keep_refused(
        &self,
        request: &Whole<'_>,
        bad: &[(usize, &Event<'_>)],
        letters: &mut Vec<Letter>,
    ) {
        let is_refused = |event: &Event<'_>| {
            !event.verdict.is_unknown() && !matches!(event.verdict, Verdict::SwitchedOff(_))
        };
        let refused = bad
            .iter()
            .map(|(_, event)| *event)
            .filter(|e| is_refused(e));
        let count = refused.clone().count();
        let mut dropped = 0;
        for event in refused.take(FIRST) {
            let weight = request.letter_weight(event.bytes.len());
            let has_room = self.refused.take(weight).is_ok();
            let route = self.source.rejects.filter(|_| has_room);
            match route.and_then(|route| self.message(route, request, &[event])) {
                Some(message) => letters.push(Letter {
                    message,
                    events: 1,
                    promised: false,
                }),
                None => dropped += 1,
            }
        }
        self.count("dropped", dropped);
        self.count("counted", count.saturating_sub(FIRST));
    }

    /// Counts events by outcome: `kept`; `failed` (the broker did not take them); `dropped` (over the rate); `counted`
    /// (their request has too many); `postponed` (their sender is asked to send them again); `given_up` (the client is
    /// gone).
    pub(super) fn count(&self, outcome: &'static str, events: usize) {
        count(self.source.name, outcome, events);
    }

    /// Message that keeps events with the same verdict; none if there are none.
    fn message(
        &self,
        route: Route,
        request: &Whole<'_>,
        events: &[&Event<'_>],
    ) -> Option<Outgoing> {
        let verdict = &events.first()?.verdict;
        let json = request
            .json
            .filter(|_| events.iter().all(|event| event.json));
        let body = match json {
            Some(json) => json.letter(events),
            None => request.batch.letter(events),
        };
        let event_type = match verdict {
            Verdict::Good(kind) => kind.name.to_owned(),
            Verdict::UnknownType(number) => number.to_string(),
            Verdict::UnknownName(name) | Verdict::NotAllowed { name, .. } => name.clone(),
            _ => String::new(),
        };
        let (content_type, kind) = match json {
            Some(json) => (headers::JSON, json.message().into()),
            None => (headers::PROTOBUF, headers::EVENT_BATCH.into()),
        };
        let now_ms = now_ms();
        let letter = broker::Letter {
            id: format!("{:032x}", self.id(request.batch.client(), &body)),
            record: Record {
                reason: &verdict.reason(),
                class: verdict.class()?.name(),
                queue: self.source.name,
                exchange: self.source.exchange,
                routing_key: &event_type,
                event_type: &event_type,
                attempts: 1,
                first_failed_ms: now_ms,
                last_failed_ms: now_ms,
                fingerprint: self.fingerprint,
                message_id: "",
                sent_ms: Some(now_ms),
                client: request.batch.client(),
            },
            now_ms,
            content_type: Some(content_type.into()),
            kind: Some(kind),
            schema: Schema::parse(self.fingerprint),
            trace: None,
            sent: Vec::new(),
        };
        Some(letter.outgoing(route, body.into()))
    }

    /// Stable id of the same events of the same client and source. A body begins with a byte that no name has.
    fn id(&self, client: &str, body: &[u8]) -> u128 {
        let mut bytes = Vec::with_capacity(self.source.name.len() + client.len() + 2 + body.len());
        bytes.extend_from_slice(self.source.name.as_bytes());
        bytes.push(0);
        if !client.is_empty() {
            bytes.extend_from_slice(client.as_bytes());
            bytes.push(0);
        }
        bytes.extend_from_slice(body);
        xxh3_128(&bytes)
    }
}

/// Counts rejected events or messages of a source: see [`Quarantine::count`].
pub(super) fn count(source: &'static str, outcome: &'static str, events: usize) {
    if events > 0 {
        QUARANTINED.with([source, outcome]).increment(events as u64);
    }
}

/// Splits indexes into portions of about [`LETTER`] bytes at most.
fn divided(places: &[usize], size: impl Fn(&usize) -> usize) -> impl Iterator<Item = &[usize]> {
    let mut rest = places;
    std::iter::from_fn(move || {
        let (mut count, mut bytes) = (0, 0);
        for place in rest {
            bytes += size(place);
            if count > 0 && bytes > LETTER {
                break;
            }
            count += 1;
        }
        let (part, after) = rest.split_at_checked(count)?;
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}
