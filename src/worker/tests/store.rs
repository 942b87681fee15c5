//! Destination that behaves as its schedule says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::time::Instant;

use crate::contract::Table;
use crate::native::column::read::Cell;
use crate::sink::{Fault, Rows, Store, StoreError};

/// Behaviour of a destination for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weather {
    /// It is down, and reports it.
    Gone,
    /// Half of all attempts fail, stored or not.
    Flaky,
    /// Everything fails, stored or not, but its probes succeed.
    Lying,
    /// It can't keep up.
    Busy,
}

/// Period in milliseconds.
pub(super) type Spell = (u64, u64, Weather);

/// Simulated destination.
#[derive(Clone)]
pub(super) struct Simulated {
    inner: Arc<Mutex<Inner>>,
    began: Instant,
}

struct Inner {
    random: StdRng,
    spells: Vec<Spell>,
    panics: f64,
    tokens: BTreeMap<String, Vec<String>>,
    stored: BTreeSet<String>,
    violations: Vec<String>,
    /// Number of rows of each attempt.
    tried: Vec<usize>,
    panicked: u32,
    /// Number of times that it went away, and until when.
    deaths: u32,
    dead_until: u64,
}

impl Simulated {
    pub(super) fn new(seed: u64, spells: Vec<Spell>, panics: f64) -> Self {
        let inner = Inner {
            random: StdRng::seed_from_u64(seed),
            spells,
            panics,
            tokens: BTreeMap::new(),
            stored: BTreeSet::new(),
            violations: Vec::new(),
            tried: Vec::new(),
            panicked: 0,
            deaths: 0,
            dead_until: 0,
        };
        Simulated {
            inner: Arc::new(Mutex::new(inner)),
            began: Instant::now(),
        }
    }

    pub(super) fn is_stored(&self, id: &str) -> bool {
        self.inner.lock().unwrap().stored.contains(id)
    }

    pub(super) fn panicked(&self) -> u32 {
        self.inner.lock().unwrap().panicked
    }

    pub(super) fn violations(&self) -> Vec<String> {
        self.inner.lock().unwrap().violations.clone()
    }

    /// Number of rows of each block.
    pub(super) fn blocks(&self) -> Vec<usize> {
        let inner = self.inner.lock().unwrap();
        inner.tokens.values().map(Vec::len).collect()
    }

    /// Number of rows of each attempt.
    pub(super) fn tried(&self) -> Vec<usize> {
        self.inner.lock().unwrap().tried.clone()
    }

    pub(super) fn deaths(&self) -> u32 {
        self.inner.lock().unwrap().deaths
    }

    /// Goes away for a while.
    fn die(&self) -> Result<(), StoreError> {
        let lasts = self.draw(|random| random.random_range(500..20_000));
        let now = self.began.elapsed().as_millis() as u64;
        let mut inner = self.inner.lock().unwrap();
        inner.deaths += 1;
        inner.dead_until = now + lasts;
        fails(Fault::Unanswered)
    }

    fn weather(&self) -> Option<Weather> {
        let now = self.began.elapsed().as_millis() as u64;
        let inner = self.inner.lock().unwrap();
        if now < inner.dead_until {
            return Some(Weather::Gone);
        }
        let spell = inner.spells.iter().find(|s| (s.0..s.1).contains(&now));
        spell.map(|s| s.2)
    }

    fn draw<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        draw(&mut self.inner.lock().unwrap().random)
    }

    fn insert(&self, ids: Vec<String>, token: &str) {
        let mut inner = self.inner.lock().unwrap();
        let before = inner.tokens.insert(token.to_owned(), ids.clone());
        if before.is_some_and(|before| before != ids) {
            inner
                .violations
                .push(format!("{token} was used for other rows"));
        }
        inner.stored.extend(ids);
    }
}

fn fails(fault: Fault) -> Result<(), StoreError> {
    Err(StoreError {
        fault,
        code: None,
        row: None,
        message: format!("simulated: {}", fault.name()),
    })
}

impl Store for Simulated {
    fn store<'a>(
        &'a self,
        rows: Rows<'a>,
        token: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let text = |cell: Cell<'_>| match cell {
            Cell::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
            _ => String::new(),
        };
        let ids: Vec<String> = rows.block.cells(0).unwrap().into_iter().map(text).collect();
        async move {
            self.inner.lock().unwrap().tried.push(ids.len());
            let deaths = self.deaths();
            let takes = self.draw(|random| random.random_range(1..40));
            tokio::time::sleep(Duration::from_millis(takes)).await;
            let panics = self.inner.lock().unwrap().panics;
            let calm = self.panicked() >= 5;
            if self.draw(|random| random.random_bool(panics)) && !calm {
                self.inner.lock().unwrap().panicked += 1;
                panic!("simulated");
            }
            let count = |kind: &str| ids.iter().filter(|id| id.starts_with(kind)).count();
            let any = |kind: &str| count(kind) > 0;
            let (half, other_half) = self.draw(|r| (r.random_bool(0.5), r.random_bool(0.5)));
            if self.deaths() > deaths {
                return fails(Fault::Unanswered);
            }
            match self.weather() {
                Some(Weather::Gone) => return fails(Fault::Destination),
                Some(Weather::Busy) => return fails(Fault::Pressure),
                _ if any("fatal") => return self.die(),
                _ if any("endless") || count("bulky") > 1 => return fails(Fault::Excess),
                _ if any("refused") => {
                    // It may name a row, and may be wrong about it.
                    let row = self.draw(|r| r.random_range(0..ids.len() * 2));
                    let row = Some(row).filter(|row| *row <= ids.len());
                    return fails(Fault::Content).map_err(|error| StoreError { row, ..error });
                }
                _ if any("named") => {
                    let row = ids.iter().position(|id| id.starts_with("named"));
                    return fails(Fault::Content).map_err(|error| StoreError { row, ..error });
                }
                Some(Weather::Flaky) if half => {}
                Some(Weather::Lying) => {}
                _ if any("sick") => {}
                _ => {
                    self.insert(ids, token);
                    return Ok(());
                }
            }
            // Stored or not.
            if other_half {
                self.insert(ids, token);
            }
            fails(Fault::Transient)
        }
        .boxed()
    }

    fn probe<'a>(&'a self, _: &'static Table) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            match self.weather() {
                Some(Weather::Gone) => fails(Fault::Destination),
                _ => Ok(()),
            }
        }
        .boxed()
    }
}
