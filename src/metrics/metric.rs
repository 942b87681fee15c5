//! Declaration of a metric, and the handles that it is counted with.

use std::fmt;
use std::marker::PhantomData;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Level, Metadata, SharedString, Unit};

use super::label::{Label, Names};

/// Metadata of all metrics: they are always on.
const METADATA: Metadata<'_> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// Type of a metric, in Prometheus' terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only ever grows, from zero at the start of the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Observations in buckets.
    Histogram,
}

/// Declaration of a metric.
#[derive(Debug, Clone, Copy)]
pub struct Declaration {
    /// Name on the wire.
    pub name: &'static str,
    /// Type.
    pub kind: Kind,
    /// Unit, in the plural, as in `events` or `seconds`; empty for one that is 1 or 0.
    pub unit: &'static str,
    /// Labels, in their order.
    pub labels: &'static [Label],
    /// Meaning, in a sentence or two.
    pub help: &'static str,
    /// Its time series are there from the start of a server, at zero.
    pub from_start: bool,
}

/// Metric with `N` labels, whose values are counted with a `Handle`: a [`Counter`], [`Gauge`] or [`Histogram`].
pub struct Metric<Handle, const N: usize> {
    declaration: Declaration,
    handle: PhantomData<fn() -> Handle>,
}

impl<Handle, const N: usize> Metric<Handle, N> {
    const fn declared(
        kind: Kind,
        name: &'static str,
        unit: &'static str,
        labels: &'static [Label; N],
        help: &'static str,
    ) -> Self {
        Metric {
            declaration: Declaration {
                name,
                kind,
                unit,
                labels,
                help,
                from_start: false,
            },
            handle: PhantomData,
        }
    }

    /// The same metric, whose time series are there from the start. For counters and states of trouble, if all values of
    /// the labels are known.
    pub(super) const fn known_from_start(mut self) -> Self {
        self.declaration.from_start = true;
        self
    }

    /// What is declared of it.
    pub const fn declaration(&self) -> Declaration {
        self.declaration
    }

    /// Its name on the wire.
    pub const fn name(&self) -> &'static str {
        self.declaration.name
    }

    fn key<V: Into<SharedString>>(&self, values: [V; N]) -> Key {
        self.declaration.key(values.map(Into::into))
    }
}

impl<const N: usize> Metric<Counter, N> {
    pub(super) const fn counter(
        name: &'static str,
        unit: &'static str,
        labels: &'static [Label; N],
        help: &'static str,
    ) -> Self {
        Self::declared(Kind::Counter, name, unit, labels, help)
    }

    /// The counter with these values of its labels. It is looked up: where events or messages are counted one by one, keep
    /// it.
    pub fn with<V: Into<SharedString>>(&self, values: [V; N]) -> Counter {
        counter(&self.key(values))
    }
}

impl Metric<Counter, 0> {
    /// Counts one more.
    pub fn increment(&self) {
        counter(&self.declaration.key([])).increment(1);
    }
}

impl<const N: usize> Metric<Gauge, N> {
    pub(super) const fn gauge(
        name: &'static str,
        unit: &'static str,
        labels: &'static [Label; N],
        help: &'static str,
    ) -> Self {
        Self::declared(Kind::Gauge, name, unit, labels, help)
    }

    /// The gauge with these values of its labels; it is looked up.
    pub fn with<V: Into<SharedString>>(&self, values: [V; N]) -> Gauge {
        gauge(&self.key(values))
    }

    /// Sets the gauge with these values of its labels to 1 or 0.
    pub fn set<V: Into<SharedString>>(&self, values: [V; N], on: bool) {
        self.with(values).set(f64::from(u8::from(on)));
    }
}

impl Metric<Gauge, 0> {
    /// A counter of seconds that something else counts, with fractions, which a [`Counter`] has not.
    pub(super) const fn seconds_total(name: &'static str, help: &'static str) -> Self {
        Self::declared(Kind::Counter, name, "seconds", &[], help)
    }

    /// The gauge; it is looked up.
    pub fn only(&self) -> Gauge {
        gauge(&self.declaration.key([]))
    }

    /// Sets the gauge to 1 or 0.
    pub fn set_to(&self, on: bool) {
        self.only().set(f64::from(u8::from(on)));
    }
}

impl<const N: usize> Metric<Histogram, N> {
    pub(super) const fn histogram(
        name: &'static str,
        unit: &'static str,
        labels: &'static [Label; N],
        help: &'static str,
    ) -> Self {
        Self::declared(Kind::Histogram, name, unit, labels, help)
    }

    /// The histogram with these values of its labels; it is looked up.
    pub fn with<V: Into<SharedString>>(&self, values: [V; N]) -> Histogram {
        histogram(&self.key(values))
    }
}

impl Metric<Histogram, 0> {
    /// The histogram; it is looked up.
    pub fn only(&self) -> Histogram {
        histogram(&self.declaration.key([]))
    }
}

impl<Handle, const N: usize> fmt::Debug for Metric<Handle, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.declaration.fmt(f)
    }
}

impl Declaration {
    fn key(&self, values: impl IntoIterator<Item = SharedString>) -> Key {
        let values = self.labels.iter().zip(values);
        let labels = values.map(|(label, value)| {
            debug_assert!(
                label.may_be(&value),
                "{}: {} is not declared to be {value}",
                self.name,
                label.name
            );
            metrics::Label::new(label.name, value)
        });
        Key::from_parts(self.name, labels.collect::<Vec<_>>())
    }

    /// Makes every time series of a pipeline known, at zero if it wasn't known before.
    pub(super) fn register_all(&self, names: &Names) {
        for values in self.known(names) {
            let key = self.key(values.into_iter().map(SharedString::const_str));
            match self.kind {
                Kind::Counter => drop(counter(&key)),
                Kind::Gauge => drop(gauge(&key)),
                Kind::Histogram => drop(histogram(&key)),
            }
        }
    }

    /// Every combination of known values of its labels.
    fn known(&self, names: &Names) -> Vec<Vec<&'static str>> {
        let mut all = vec![Vec::new()];
        for label in self.labels {
            let known = label.known(names);
            let longer = |before: &Vec<&'static str>| -> Vec<Vec<&'static str>> {
                let with = |value: &&'static str| [before.as_slice(), &[*value]].concat();
                known.iter().map(with).collect()
            };
            all = all.iter().flat_map(longer).collect();
        }
        all
    }

    /// Tells the recorder what `/metrics` says of it.
    pub(super) fn describe(&self) {
        let unit = match self.unit {
            "seconds" => Unit::Seconds,
            "bytes" => Unit::Bytes,
            _ => Unit::Count,
        };
        let (name, unit, help) = (KeyName::from(self.name), Some(unit), self.help.into());
        metrics::with_recorder(|recorder| match self.kind {
            Kind::Counter => recorder.describe_counter(name, unit, help),
            Kind::Gauge => recorder.describe_gauge(name, unit, help),
            Kind::Histogram => recorder.describe_histogram(name, unit, help),
        });
    }
}

fn counter(key: &Key) -> Counter {
    metrics::with_recorder(|recorder| recorder.register_counter(key, &METADATA))
}

fn gauge(key: &Key) -> Gauge {
    metrics::with_recorder(|recorder| recorder.register_gauge(key, &METADATA))
}

fn histogram(key: &Key) -> Histogram {
    metrics::with_recorder(|recorder| recorder.register_histogram(key, &METADATA))
}
