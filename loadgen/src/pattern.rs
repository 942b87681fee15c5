//! Requests that are encoded once and sent many times, each time with other ids and times.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use bytes::Bytes;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::door::Form;
use event_grpc::contract::Envelope;
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Events;
use event_grpc::traffic::Traffic;
use event_grpc::traffic::envelope;

/// Number of different requests.
const PATTERNS: u64 = 64;
/// The bytes of an id: as many as a UUID's text has.
const ID: usize = 36;
/// The bytes of a timestamp: milliseconds since the epoch, until the year 2286.
const MILLIS: usize = 13;

/// Event types to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mix {
    /// Carts, views of widgets, launches and purchases, a quarter each.
    Shop,
    /// All types, distributed by Zipf's law.
    All,
}

/// Templates of requests.
pub struct Patterns {
    patterns: Vec<Pattern>,
    /// Templates without ids, for every other request; empty if all have ids.
    without_ids: Vec<Pattern>,
    prefix: String,
    batch: u32,
    form: Form,
}

/// An encoded request, and where in it what differs each time is.
struct Pattern {
    bytes: Vec<u8>,
    ids: Vec<usize>,
    times: Vec<usize>,
}

/// Prefix of the ids of a run.
pub(crate) fn prefix(run: u64) -> String {
    format!("{run:016x}-")
}

impl Patterns {
    /// Requests of so many events; their ids begin with the run's prefix.
    pub fn new(mix: Mix, batch: u32, run: u64, form: Form) -> anyhow::Result<Self> {
        Self::padded(mix, batch, 0, run, form)
    }

    /// The same, with so many bytes more in each event, as the place where it happened.
    pub(crate) fn padded(
        mix: Mix,
        batch: u32,
        pad: u32,
        run: u64,
        form: Form,
    ) -> anyhow::Result<Self> {
        let pool = DescriptorPool::decode(PIPELINE.descriptors)?;
        let envelope = envelope(&PIPELINE)?;
        let mut traffic = Traffic::new(&pool, envelope, run)?;
        let mut random = StdRng::seed_from_u64(run);
        let weights = weights(mix, envelope)?;
        let patterns = (0..PATTERNS)
            .map(|_| {
                let types: Vec<u32> = (0..batch)
                    .map(|at| choose(mix, &weights, at, &mut random))
                    .collect();
                let mut request =
                    Events::decode(traffic.request(&types).encode_to_vec().as_slice())?;
                for event in &mut request.events {
                    let texts = (0..pad).map(|_| char::from(random.random_range(b'a'..=b'z')));
                    event.current_url.extend(texts);
                }
                Pattern::new(&pool, request, form)
            })
            .collect::<Result<_, _>>()?;
        Ok(Patterns {
            patterns,
            without_ids: Vec::new(),
            prefix: prefix(run),
            batch,
            form,
        })
    }

    /// Leaves the ids out of every other request. Its events have what would be their ids as the place where they
    /// happened, so that they can be told apart all the same.
    pub(crate) fn every_other_without_ids(mut self) -> anyhow::Result<Self> {
        anyhow::ensure!(
            self.form == Form::Protobuf,
            "only protobuf is sent without ids"
        );
        let without_ids = self.patterns.iter().map(|pattern| {
            let mut request = Events::decode(&*pattern.bytes)?;
            for event in &mut request.events {
                event.current_url = std::mem::take(&mut event.id);
            }
            Pattern::placed(request.encode_to_vec(), request.events.len())
        });
        self.without_ids = without_ids.collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// Encoding and protocol of the requests.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Number of events of a request.
    pub fn batch(&self) -> u32 {
        self.batch
    }

    /// Size of an event on the wire, its share of the header included, in bytes.
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
    fn new(pool: &DescriptorPool, mut request: Events, form: Form) -> anyhow::Result<Self> {
        // Placeholders of ids and times are nowhere else in a request.
        for event in &mut request.events {
            event.id = "~".repeat(ID);
            event.timestamp = "^".repeat(MILLIS);
        }
        let bytes = match form {
            Form::Protobuf => request.encode_to_vec(),
            Form::Json => as_json(pool, &request)?,
        };
        Pattern::placed(bytes, request.events.len())
    }

    /// A request of so many events in which ids and times are still what stands for them.
    fn placed(bytes: Vec<u8>, events: usize) -> anyhow::Result<Self> {
        let places = |byte: u8, length: usize| {
            let wanted = vec![byte; length];
            let found = bytes.windows(length).enumerate();
            let places = found
                .filter(|(_, window)| *window == wanted)
                .map(|(at, _)| at);
            places.collect::<Vec<_>>()
        };
        let (ids, times) = (places(b'~', ID), places(b'^', MILLIS));
        anyhow::ensure!(
            ids.len() == events && times.len() == events,
            "the events of a request can't be told apart"
        );
        Ok(Pattern { bytes, ids, times })
    }
}

/// A request as proto3 JSON, as client libraries write it.
fn as_json(pool: &DescriptorPool, request: &Events) -> anyhow::Result<Vec<u8>> {
    let of = pool.get_message_by_name("event.Events");
    let of = of.context("the descriptors hold no event.Events")?;
    let message = DynamicMessage::decode(of, request.encode_to_vec().as_slice())?;
    Ok(serde_json::to_vec(&message)?)
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
        let patterns = Patterns::new(Mix::Shop, 10, 7, Form::Protobuf).unwrap();
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
        let patterns = Patterns::new(Mix::Shop, 10, 7, Form::Protobuf).unwrap();
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
    fn json_is_of_the_same_events() {
        let patterns = |form| Patterns::new(Mix::All, 10, 7, form).unwrap();
        let (protobuf, json) = (patterns(Form::Protobuf), patterns(Form::Json));
        let pool = DescriptorPool::decode(PIPELINE.descriptors).unwrap();
        let of = pool.get_message_by_name("event.Events").unwrap();
        for number in 0..PATTERNS {
            let wire = Events::decode(protobuf.request(number)).unwrap();
            let text = json.request(number);
            let mut text = serde_json::Deserializer::from_slice(&text);
            let read = DynamicMessage::deserialize(of.clone(), &mut text).unwrap();
            let mut read: Events = read.transcode_to().unwrap();
            for (event, other) in read.events.iter_mut().zip(&wire.events) {
                event.timestamp.clone_from(&other.timestamp);
            }
            assert_eq!(read, wire);
        }
    }

    #[test]
    fn all_types_are_sent_and_the_first_most_often() {
        let envelope = envelope(&PIPELINE).unwrap();
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
