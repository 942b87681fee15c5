//! Prepares a request of typed events, without waiting: it is scanned, its valid events are handed to the publisher,
//! and dead letters are made of the others. Its bytes aren't needed after that.

use metrics::Counter;
use tokio::sync::oneshot;

use super::super::answer::{self, PublishOutcome};
use super::super::group::{Group, RequestBatch};
use super::super::late;
use super::super::pool::{Admitted, PoolShare};
use super::super::quarantine::Rejections;
use super::super::response::Refusal;
use super::super::seen;
use super::super::weigh;
use super::{Body, Dispatch};
use crate::access::Sender;
use crate::client::Client;
use crate::contract::Retired;
use crate::events::{AsJson, Event, Verdict, scan};
use crate::proto_json::Warnings;
use crate::trace::TraceContext;
use crate::weight::{self, Most};

/// Number of events of each type, by the type's index.
pub(in crate::ingest) type Counts = Vec<(usize, u64)>;

/// Prepared request, whose valid events are being published.
#[derive(Debug)]
pub(in crate::ingest) struct Prepared {
    /// Number of valid events.
    pub(in crate::ingest) counts: Counts,
    /// Outcome of the valid events.
    pub(in crate::ingest) outcome: oneshot::Receiver<PublishOutcome>,
    /// Outcome of the other events.
    pub(in crate::ingest) judged: Rejections,
    /// Warnings for its sender.
    pub(in crate::ingest) warnings: Warnings,
    /// Share of the pool for dead letters and answer.
    pub(in crate::ingest) held: PoolShare,
}

impl Dispatch {
    /// Upper bound on the weight of a request until it is answered, from its framing.
    pub(in crate::ingest) fn weigh(&self, body: &Body) -> Result<u64, Refusal> {
        match body {
            Body::Wire(bytes) => weigh::wire(bytes, self.envelope, self.most()),
            Body::Json(text) => weigh::json(text),
        }
    }

    /// Prepares a request. It must be called within a runtime.
    pub(in crate::ingest) fn prepare(
        &self,
        body: Body,
        sender: &Sender,
        admitted: Admitted,
        trace: Option<TraceContext>,
    ) -> Result<Prepared, Refusal> {
        let client = sender.client();
        // The worker and the request's bytes are released when this ends.
        let Admitted {
            worker: _worker,
            bytes: mut held,
        } = admitted;
        let text = match body {
            Body::Json(text) => text,
            Body::Wire(bytes) => {
                let mut request = scan(&bytes, self.envelope)?;
                allow(sender, &self.retired, &mut request.events)?;
                let header = request.header.as_deref();
                self.switch_off((header, &client), &mut request.events);
                return self.publish_all((header, &client), &request.events, None, (held, trace));
            }
        };
        let json = AsJson::read(&self.json, self.envelope, &text)?;
        let header = json.header();
        let (bytes, header_len) = (json.request.wire.len(), header.map_or(0, <[u8]>::len));
        let count = json.request.events.len();
        let weight = weigh::read(header_len, count, bytes, self.envelope, self.most())?;
        self.pool.grow(&mut held, weight)?;
        let mut events = json.events();
        allow(sender, &self.retired, &mut events)?;
        self.switch_off((header, &client), &mut events);
        self.publish_all((header, &client), &events, Some(&json), (held, trace))
    }

    /// Rejects what is switched off.
    fn switch_off(&self, (header, client): (Option<&[u8]>, &Client), events: &mut [Event<'_>]) {
        let sent = (header.unwrap_or_default(), client.name());
        self.switches
            .apply(self.source.name, self.envelope, sent, events);
    }

    /// Hands the valid events of a request to the publisher, and makes dead letters of the others.
    fn publish_all(
        &self,
        (header, client): (Option<&[u8]>, &Client),
        events: &[Event<'_>],
        json: Option<&AsJson<'_>>,
        (mut held, trace): (PoolShare, Option<TraceContext>),
    ) -> Result<Prepared, Refusal> {
        let Some(header) = header else {
            return Err(Refusal::Invalid("the request has no header".to_owned()));
        };
        if events.is_empty() {
            return Err(Refusal::Invalid("the request has no events".to_owned()));
        }
        weigh::rows(header.len(), events)?;
        let batch = RequestBatch::new(self.envelope, header, client.name()).in_slots(self.slots);
        let most = self.most();
        let groups = batch.groups(events, most.bytes, most.events);
        let bodies = groups.iter().map(|group| batch.len(group) as u64).sum();
        // The bodies keep their share of the pool until the last of them is gone, whoever waits for that.
        let (parts, outcome) = answer::parts(held.split(bodies), trace);
        let counts = self.publish(&batch, &groups, &parts);
        drop(parts);
        add(&self.received, &counts);
        let at = (self.source.name, &self.retired);
        let sent = (self.envelope, client.name(), header);
        seen::events(self.publisher.taps(), at, sent, events);
        let mut judged = self.quarantine.judge(&batch, json, events);
        for letter in &mut judged.letters {
            letter.message.properties.trace = trace;
        }
        let warnings = json.map(|json| json.request.warnings.clone());
        held.shrink_to(judged.weight().saturating_add(weight::REQUEST));
        Ok(Prepared {
            counts,
            outcome,
            judged,
            warnings: warnings.unwrap_or_default(),
            held,
        })
    }

    /// Limits of one message.
    fn most(&self) -> Most {
        let limits = self.publisher.limits();
        Most {
            bytes: limits.bytes,
            events: limits.events,
            slots: self.slots.count() as usize,
        }
    }

    /// Hands groups of valid events to the publisher. Returns the number of events of each type, by the type's index.
    fn publish(
        &self,
        batch: &RequestBatch<'_>,
        groups: &[Group<'_>],
        parts: &answer::Parts,
    ) -> Counts {
        let mut counts = Counts::new();
        for group in groups {
            let types = self.envelope.types;
            let Ok(at) = types.binary_search_by_key(&group.kind.number, |kind| kind.number) else {
                continue;
            };
            let at_slot = at * self.slots.count() as usize + group.slot as usize;
            let Some(route) = self.routes.get(at_slot) else {
                continue;
            };
            let count = group.events.len();
            let len = batch.len(group);
            self.publisher.add(route, count, len, parts.part(), |out| {
                batch.write(group, out)
            });
            match counts.last_mut() {
                Some((last, sum)) if *last == at => *sum += count as u64,
                _ => counts.push((at, count as u64)),
            }
        }
        counts
    }
}

/// Adds the number of events of each type, by the type's index.
pub(super) fn add(counters: &[Counter], counts: &[(usize, u64)]) {
    for (at, count) in counts {
        if let Some(counter) = counters.get(*at) {
            counter.increment(*count);
        }
    }
}

/// Takes the events from their sender's rate, and marks those of types that it may not send. A type that no build knows
/// yet isn't among those that it may.
fn allow(sender: &Sender, retired: &Retired, events: &mut [Event<'_>]) -> Result<(), Refusal> {
    sender.take(events.len())?;
    if sender.may_send_all() {
        return Ok(());
    }
    let mut tried = 0;
    for event in events {
        let not_allowed = match &event.verdict {
            Verdict::Good(kind) if sender.may_send(kind.number) => continue,
            // Whoever sends one, nothing is stored.
            verdict if late::discarded(verdict, retired).is_some() => continue,
            Verdict::Good(kind) => (kind.name.to_owned(), Some(*kind)),
            Verdict::UnknownType(number) => (number.to_string(), None),
            Verdict::UnknownName(name) => (name.clone(), None),
            _ => continue,
        };
        let (name, kind) = not_allowed;
        event.verdict = Verdict::NotAllowed { name, kind };
        tried += 1;
    }
    sender.tried(tried);
    Ok(())
}
