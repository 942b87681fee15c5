//! Requests that are encoded once and sent many times, each time with other ids and times.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use bytes::Bytes;
use prost::Message as _;
use prost_reflect::DescriptorPool;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::cli::demo::envelope;
use crate::cli::traffic::Traffic;
use crate::contract::Envelope;
use crate::generated::PIPELINE;
use crate::generated::proto::event::Events;

/// How many different requests there are.
const PATTERNS: u64 = 64;
/// The bytes of an id: as many as a UUID's text has.
const ID: usize = 36;
/// The bytes of a timestamp: milliseconds since the epoch, until the year 2286.
const MILLIS: usize = 13;

/// Which events are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mix {
    /// Carts, views of widgets, launches and purchases, a quarter each.
    Shop,
    /// Every type, distributed by Zipf's law.
    All,
}

/// What requests are made from.
pub struct Patterns {
    patterns: Vec<Pattern>,
    /// The same without ids, for every other request; empty if all have ids.
    without_ids: Vec<Pattern>,
    prefix: String,
    batch: u32,
}

/// An encoded request, and where in it what differs each time is.
struct Pattern {
    bytes: Vec<u8>,
    ids: Vec<usize>,
    times: Vec<usize>,
}

/// What the ids of a run begin with.
pub(super) fn prefix(run: u64) -> String {
    format!("{run:016x}-")
}

impl Patterns {
    /// Requests of so many events; their ids begin with the run's prefix.
    pub fn new(mix: Mix, batch: u32, run: u64) -> anyhow::Result<Self> {
        let pool = DescriptorPool::decode(PIPELINE.descriptors)?;
        let envelope = envelope()?;
        let mut traffic = Traffic::new(&pool, envelope, run)?;
        let mut random = StdRng::seed_from_u64(run);
        let weights = weights(mix, envelope)?;
        let patterns = (0..PATTERNS)
            .map(|_| {
                let types: Vec<u32> = (0..batch)
                    .map(|at| choose(mix, &weights, at, &mut random))
                    .collect();
                Pattern::new(&traffic.request(&types).encode_to_vec())
            })
            .collect::<Result<_, _>>()?;
        Ok(Patterns {
            patterns,
            without_ids: Vec::new(),
            prefix: prefix(run),
            batch,
        })
    }

    /// Leaves the ids out of every other request. Its events have what would be their ids as the place where they
    /// happened, so that they can be told apart all the same.
    pub(super) fn every_other_without_ids(mut self) -> anyhow::Result<Self> {
        let without_ids = self.patterns.iter().map(|pattern| {
            let mut request = Events::decode(&*pattern.bytes)?;
            for event in &mut request.events {
                event.current_url = std::mem::take(&mut event.id);
            }
            Pattern::placed(&request)
        });
        self.without_ids = without_ids.collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// How many events a request has.
    pub fn batch(&self) -> u32 {
        self.batch
    }

    /// How many bytes an event takes on the wire, its share of the header included.
    pub fn bytes_an_event(&self) -> f64 {
        let bytes: usize = self.patterns.iter().map(|p| p.bytes.len()).sum();
        bytes as f64 / (self.patterns.len() as f64 * f64::from(self.batch))
    }

    /// The request with this number, from 0. Its events are numbered on from `number * batch`.
    pub fn request(&self, number: u64) -> Bytes {
        let at = usize::try_from(number % PATTERNS).unwrap_or_default();
        let without_id = number % 2 == 1;
        let without_id = self.without_ids.get(at).filter(|_| without_id);
        let Some(pattern) = without_id.or_else(|| self.patterns.get(at)) else {
            return Bytes::new();
        };
        let mut bytes = pattern.bytes.clone();
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let now = format!("{:0MILLIS$}", since.as_millis());
        let first = number * u64::from(self.batch);
        let digits = ID - self.prefix.len();
        for (event, at) in (first..).zip(&pattern.ids) {
            put(
                &mut bytes,
                *at,
                format!("{}{event:0digits$}", self.prefix).as_bytes(),
            );
        }
        for at in &pattern.times {
            put(&mut bytes, *at, now.as_bytes());
        }
        bytes.into()
    }
}

impl Pattern {
    fn new(request: &[u8]) -> anyhow::Result<Self> {
        let mut request = Events::decode(request)?;
        // What stands for an id and for a time is nowhere else in a request.
        for event in &mut request.events {
            event.id = "\u{1}".repeat(ID);
            event.timestamp = "\u{2}".repeat(MILLIS);
        }
        Pattern::placed(&request)
    }

    /// A request in which ids and times are still what stands for them.
    fn placed(request: &Events) -> anyhow::Result<Self> {
        let bytes = request.encode_to_vec();
        let places = |byte: u8, length: usize| {
            let wanted = vec![byte; length];
            let found = bytes.windows(length).enumerate();
            let places = found
                .filter(|(_, window)| *window == wanted)
                .map(|(at, _)| at);
            places.collect::<Vec<_>>()
        };
        let (ids, times) = (places(1, ID), places(2, MILLIS));
        anyhow::ensure!(
            ids.len() == request.events.len() && times.len() == request.events.len(),
            "the events of a request can't be told apart"
        );
        Ok(Pattern { bytes, ids, times })
    }
}

fn put(bytes: &mut [u8], at: usize, text: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + text.len()) {
        place.copy_from_slice(text);
    }
}

/// The types of a mix, each with the sum of the weights up to it.
fn weights(mix: Mix, envelope: &'static Envelope) -> anyhow::Result<Vec<(u32, f64)>> {
    let number = |name: &str| {
        let found = envelope.types.iter().find(|t| t.name == name);
        found
            .map(|t| t.number)
            .with_context(|| format!("there is no event type {name}"))
    };
    let types: Vec<u32> = match mix {
        Mix::Shop => [
            "AddToCartEvent",
            "WidgetViewEvent",
            "LaunchEvent",
            "CompletePurchaseEvent",
        ]
        .into_iter()
        .map(number)
        .collect::<Result<_, _>>()?,
        Mix::All => envelope.types.iter().map(|t| t.number).collect(),
    };
    let mut sum = 0.0;
    let weights = (1..).zip(types).map(|(rank, number)| {
        sum += 1.0 / f64::from(rank);
        (number, sum)
    });
    Ok(weights.collect())
}

fn choose(mix: Mix, weights: &[(u32, f64)], at: u32, random: &mut StdRng) -> u32 {
    let found = match mix {
        Mix::Shop => weights.get(at as usize % weights.len().max(1)),
        Mix::All => {
            let total = weights.last().map_or(0.0, |(_, sum)| *sum);
            let drawn = random.random::<f64>() * total;
            weights.get(weights.partition_point(|(_, sum)| *sum < drawn))
        }
    };
    found.map_or(0, |(number, _)| *number)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_event_of_a_run_has_an_id_of_its_own() {
        let patterns = Patterns::new(Mix::Shop, 10, 7).unwrap();
        let mut ids = BTreeSet::new();
        for number in 0..200 {
            let request = Events::decode(patterns.request(number)).unwrap();
            assert_eq!(request.events.len(), 10);
            for event in request.events {
                assert!(event.timestamp.parse::<u64>().unwrap() > 1_700_000_000_000);
                assert!(event.event_of.is_some());
                assert_eq!(event.id.len(), ID);
                assert!(event.id.starts_with(&prefix(7)));
                ids.insert(event.id);
            }
        }
        assert_eq!(ids.len(), 2000);
    }

    #[test]
    fn every_other_request_has_no_ids_and_can_be_told_apart() {
        let patterns = Patterns::new(Mix::Shop, 10, 7).unwrap();
        let patterns = patterns.every_other_without_ids().unwrap();
        let mut names = BTreeSet::new();
        for number in 0..200 {
            for event in Events::decode(patterns.request(number)).unwrap().events {
                let without_id = number % 2 == 1;
                assert_eq!(event.id.is_empty(), without_id);
                let name = if without_id {
                    event.current_url
                } else {
                    event.id
                };
                assert!(name.starts_with(&prefix(7)), "{name}");
                names.insert(name);
            }
        }
        assert_eq!(names.len(), 2000);
    }

    #[test]
    fn all_types_are_sent_and_the_first_most_often() {
        let envelope = envelope().unwrap();
        let weights = weights(Mix::All, envelope).unwrap();
        let mut random = StdRng::seed_from_u64(1);
        let drawn: Vec<u32> = (0..20_000)
            .map(|at| choose(Mix::All, &weights, at, &mut random))
            .collect();
        let count = |number: u32| drawn.iter().filter(|n| **n == number).count();
        let first = count(envelope.types[0].number);
        assert!(
            envelope
                .types
                .iter()
                .all(|t| (1..=first).contains(&count(t.number)))
        );
    }
}
