//! What is done for a request of typed events without waiting: it is taken apart, its good events are handed to the
//! publisher, and letters are made of the others. After that nothing of its bytes is needed any more.

use tokio::sync::oneshot;

use super::answer::{self, Outcome};
use super::as_json::AsJson;
use super::dispatch::{Body, Dispatch, add};
use super::group::{Batch, Group};
use super::pool::{Admitted, Held};
use super::quarantine::Judged;
use super::response::Refusal;
use super::scan::{Event, scan};
use super::weigh;
use crate::proto_json::Warnings;
use crate::weight::{self, Most};

/// How many events there are of each type, by its place.
pub(super) type Counts = Vec<(usize, u64)>;

/// A request whose good events are on their way.
#[derive(Debug)]
pub(super) struct Prepared {
    /// How many good events there are.
    pub(super) counts: Counts,
    /// What becomes of them.
    pub(super) outcome: oneshot::Receiver<Outcome>,
    /// What becomes of the others.
    pub(super) judged: Judged,
    /// What its sender may want to know.
    pub(super) warnings: Warnings,
    /// The share of the pool that letters and answer have.
    pub(super) held: Held,
}

impl Dispatch {
    /// What a request takes until it is answered, at most, as far as can be told at a glance.
    pub(super) fn weigh(&self, body: &Body) -> Result<u64, Refusal> {
        match body {
            Body::Wire(bytes) => weigh::wire(bytes, self.envelope, self.most()),
            Body::Json(text) => weigh::json(text),
        }
    }

    /// Does all that needs no waiting. It must be called within a runtime.
    pub(super) fn prepare(&self, body: Body, admitted: Admitted) -> Result<Prepared, Refusal> {
        // The worker is given back when this ends, as are the request's bytes.
        let Admitted {
            worker: _worker,
            bytes: mut held,
        } = admitted;
        let text = match body {
            Body::Json(text) => text,
            Body::Wire(bytes) => {
                let request = scan(&bytes, self.envelope)?;
                let header = request.header.as_deref();
                return self.publish_all(header, &request.events, None, held);
            }
        };
        let json = AsJson::read(&self.json, self.envelope, &text)?;
        let header = json.header();
        let (bytes, header_len) = (json.request.wire.len(), header.map_or(0, <[u8]>::len));
        let count = json.request.events.len();
        let weight = weigh::read(header_len, count, bytes, self.envelope, self.most())?;
        self.pool.grow(&mut held, weight)?;
        let events = json.events();
        self.publish_all(header, &events, Some(&json), held)
    }

    /// Hands the good events of a request to the publisher, and makes letters of the others.
    fn publish_all(
        &self,
        header: Option<&[u8]>,
        events: &[Event<'_>],
        json: Option<&AsJson<'_>>,
        mut held: Held,
    ) -> Result<Prepared, Refusal> {
        let Some(header) = header else {
            return Err(Refusal::Invalid("the request has no header".to_owned()));
        };
        if events.is_empty() {
            return Err(Refusal::Invalid("the request has no events".to_owned()));
        }
        weigh::rows(header.len(), events)?;
        let batch = Batch::new(self.envelope, header);
        let most = self.most();
        let groups = batch.groups(events, most.bytes, most.events);
        let bodies = groups.iter().map(|group| batch.len(group) as u64).sum();
        // What the bodies have of the pool they keep until the last of them is gone, whoever waits for that.
        let (parts, outcome) = answer::parts(held.split(bodies));
        let counts = self.publish(&batch, &groups, &parts);
        drop(parts);
        add(&self.received, &counts);
        let judged = self.quarantine.judge(&batch, json, events);
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

    /// What one message takes of events.
    fn most(&self) -> Most {
        let limits = self.publisher.limits();
        Most {
            bytes: limits.bytes,
            events: limits.events,
        }
    }

    /// Hands groups of good events to the publisher. Returns how many events there are of each type, by its place.
    fn publish(&self, batch: &Batch<'_>, groups: &[Group<'_>], parts: &answer::Parts) -> Counts {
        let mut counts = Counts::new();
        for group in groups {
            let types = self.envelope.types;
            let Ok(at) = types.binary_search_by_key(&group.kind.number, |kind| kind.number) else {
                continue;
            };
            let Some(route) = self.routes.get(at) else {
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
