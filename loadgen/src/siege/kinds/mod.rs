//! The kinds of hostile input: how each is made, how often it comes, and how it may end.

mod connections;
mod encodings;
mod good;
mod http;
mod json;
mod nested;
mod properties;
mod queues;
mod requests;

use rand::Rng as _;
use rand::rngs::StdRng;

use super::attack::Attack;

/// Entry point of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    Grpc,
    Http,
    Webhook,
    Tcp,
    Amqp,
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
}

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Kind> {
    let families: [&'static [Kind]; 9] = [
        &good::KINDS,
        &requests::KINDS,
        &nested::KINDS,
        &encodings::KINDS,
        &http::KINDS,
        &json::KINDS,
        &connections::KINDS,
        &queues::KINDS,
        &properties::KINDS,
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
        make,
    }
}

impl Kind {
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
        }
    }
}

impl One {
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
                };
                (kind.make)(&mut one)
            };
            // Some are of megabytes, which nobody wants to see.
            assert!(make() == make(), "{}", kind.name);
        }
        assert!(names.len() > 60);
    }
}
