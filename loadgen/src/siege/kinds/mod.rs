//! The kinds of hostile input: how each is made, how often it comes, and how it may end.

mod connections;
mod encodings;
mod good;
mod http;
mod json;
mod keys;
mod nested;
mod pages;
mod properties;
mod queues;
mod replays;
mod requests;
mod tls;
mod tokens;

use std::sync::Arc;

use rand::Rng as _;
use rand::rngs::StdRng;

use super::attack::Attack;
use crate::proofs::{ENVIRONMENT, Proofs};
use event_grpc::access::make_of;

/// Entry point of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    Grpc,
    Http,
    Webhook,
    Tcp,
    Amqp,
    /// The operations port.
    Ops,
    /// The port of the embedded ClickHouse.
    Engine,
}

/// Permitted outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Its sender has to be answered; what was taken has to be a row or a letter.
    Answered,
    /// It is no request that could be answered: the connection may be closed, too.
    Closed,
    /// It asks nothing, and its sender leaves by itself if nobody ends it before.
    Left,
    /// It is a row or a letter, unless the broker refuses it.
    Kept,
    /// It is good: it is taken, and it is a row, once.
    Stored,
    /// It is refused with one of these.
    Refused(&'static [&'static str]),
    /// Its connection is ended without an answer.
    Shut,
    /// It is taken, or it is over a rate and its sender reads when to come again.
    Limited,
}

/// Server that a kind is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    /// Any.
    Any,
    /// One without TLS, keys and a token.
    Open,
    /// One with them.
    Proved,
}

/// Counters of one metric: those whose labels include this one, as in `reason="unknown"`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Series {
    pub(super) metric: &'static str,
    pub(super) label: &'static str,
}

/// Where the server counts a kind, at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// In nothing of its own.
    Nowhere,
    /// Each one in one of these.
    Each(&'static [Series]),
    /// One of all in one of these.
    Once(&'static [Series]),
}

/// One kind.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) door: Door,
    /// Relative frequency. Large ones come seldom.
    pub(super) often: u32,
    pub(super) end: End,
    /// True if what it holds is called by its name, so that it can be found again.
    pub(super) named: bool,
    pub(super) setting: Setting,
    pub(super) counted: Counted,
    pub(super) make: fn(&mut One) -> Attack,
}

/// One of a kind: what it is made from.
pub(super) struct One {
    /// Name, by which it is found in a table.
    pub(super) name: String,
    /// The time, in milliseconds since the epoch.
    pub(super) now: u64,
    /// Random numbers, the same for the same seed and number.
    pub(super) random: StdRng,
    /// What a sender can prove, if the server asks for it.
    pub(super) proofs: Option<Arc<Proofs>>,
}

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Kind> {
    let families: [&'static [Kind]; 14] = [
        &good::KINDS,
        &requests::KINDS,
        &nested::KINDS,
        &encodings::KINDS,
        &http::KINDS,
        &json::KINDS,
        &connections::KINDS,
        &queues::KINDS,
        &properties::KINDS,
        &keys::KINDS,
        &tls::KINDS,
        &tokens::KINDS,
        &pages::KINDS,
        &replays::KINDS,
    ];
    families.into_iter().flatten()
}

/// A kind whose sender has to be answered.
const fn kind(name: &'static str, door: Door, often: u32, make: fn(&mut One) -> Attack) -> Kind {
    Kind {
        name,
        door,
        often,
        end: match door {
            Door::Amqp => End::Kept,
            _ => End::Answered,
        },
        named: matches!(door, Door::Amqp),
        setting: Setting::Any,
        counted: Counted::Nowhere,
        make,
    }
}

impl Series {
    /// Counters of a metric that have this label.
    pub(super) const fn new(metric: &'static str, label: &'static str) -> Self {
        Series { metric, label }
    }
}

impl Kind {
    /// Sends it to such servers alone.
    const fn at(self, setting: Setting) -> Self {
        Kind { setting, ..self }
    }

    /// Says where each one is counted.
    const fn counted(self, series: &'static [Series]) -> Self {
        Kind {
            counted: Counted::Each(series),
            ..self
        }
    }

    /// Permits another outcome.
    const fn ends(self, end: End) -> Self {
        Kind { end, ..self }
    }

    /// Marks that it can be found by its name.
    const fn named(self) -> Self {
        Kind {
            named: true,
            ..self
        }
    }
}

impl Door {
    /// Name of the kind.
    pub(super) fn name(self) -> &'static str {
        match self {
            Door::Grpc => "gRPC",
            Door::Http => "HTTP",
            Door::Webhook => "webhook",
            Door::Tcp => "TCP",
            Door::Amqp => "AMQP",
            Door::Ops => "ops",
            Door::Engine => "engine",
        }
    }
}

impl One {
    /// The key of this name that the server's operator made; empty if there is none.
    fn key(&self, name: &str) -> String {
        let key = self.proofs.as_ref().map(|proofs| proofs.key(name));
        key.unwrap_or_default()
    }

    /// A key that has the right form, and that nobody made.
    fn unknown_key(&mut self) -> String {
        make_of(ENVIRONMENT, &mut self.random).text
    }

    /// A number from `low` up to `high`, with both.
    fn within(&mut self, low: usize, high: usize) -> usize {
        self.random.random_range(low..=high)
    }

    /// One of these.
    fn any<T: Copy>(&mut self, of: &[T], otherwise: T) -> T {
        let at = self.within(0, of.len().saturating_sub(1));
        of.get(at).copied().unwrap_or(otherwise)
    }

    /// So many letters and digits.
    fn text(&mut self, length: usize) -> String {
        const LETTERS: &[u8; 64] =
            b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
        let bytes = self.noise(length);
        let letters = bytes
            .iter()
            .filter_map(|byte| LETTERS.get(usize::from(byte % 64)));
        letters.map(|letter| char::from(*letter)).collect()
    }

    /// So many bytes of any kind.
    fn noise(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.random.fill(bytes.as_mut_slice());
        bytes
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn a_seed_makes_the_same_again_and_no_two_kinds_have_one_name() {
        let mut names = BTreeSet::new();
        for kind in all() {
            assert!(names.insert(kind.name), "{}", kind.name);
            assert!(kind.often > 0 && !kind.name.contains(','));
            let make = || {
                let mut one = One {
                    name: "siege-0000000a-000001".to_owned(),
                    now: 1_780_000_000_000,
                    random: StdRng::seed_from_u64(5),
                    proofs: None,
                };
                (kind.make)(&mut one)
            };
            // Some are of megabytes, which nobody wants to see.
            assert!(make() == make(), "{}", kind.name);
        }
        assert!(names.len() > 60);
    }
}
