//! Page of metrics: the time series of an instance at a moment.

use std::collections::BTreeMap;
use std::time::Instant;

use super::super::ledger::sample;
use crate::metrics::process::STARTED;

/// Time series of an instance at a moment.
#[derive(Debug, Clone)]
pub struct Page {
    at: Instant,
    started: f64,
    /// By name and labels as they are written.
    series: BTreeMap<String, Series>,
}

#[derive(Debug, Clone)]
struct Series {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
}

/// Sums by the values of a label.
pub(super) type Sums = BTreeMap<String, f64>;

impl Page {
    /// Reads the text of `/metrics`; none if it isn't one of this server.
    pub fn read(text: &str) -> Option<Self> {
        let mut series = BTreeMap::new();
        for line in text.lines() {
            let Some((name, labels, value)) = sample(line) else {
                continue;
            };
            let key = line.rsplit_once(' ').map_or(line, |(key, _)| key);
            let labels = labels
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value));
            let one = Series {
                name: name.to_owned(),
                labels: labels.collect(),
                value,
            };
            series.insert(key.to_owned(), one);
        }
        let started = series.get(STARTED.name()).map(|one| one.value)?;
        Some(Page {
            at: Instant::now(),
            started,
            series,
        })
    }

    /// Seconds between an earlier page and this one.
    pub(super) fn since(&self, before: &Page) -> f64 {
        self.at.duration_since(before.at).as_secs_f64().max(0.001)
    }

    /// Values of a gauge by the values of a label, of the series that also have this value of another one.
    pub(super) fn values(&self, name: &str, label: &str, with: Option<(&str, &str)>) -> Sums {
        self.summed(name, label, with, |_, value| value)
    }

    /// Growth of a counter since an earlier page, likewise. A process that has started since counts from zero.
    pub(super) fn growth(
        &self,
        before: &Page,
        name: &str,
        label: &str,
        with: Option<(&str, &str)>,
    ) -> Sums {
        let same = before.started.total_cmp(&self.started).is_eq();
        self.summed(name, label, with, |key, value| {
            let earlier = before.series.get(key).filter(|_| same);
            (value - earlier.map_or(0.0, |one| one.value)).max(0.0)
        })
    }

    fn summed(
        &self,
        name: &str,
        label: &str,
        with: Option<(&str, &str)>,
        value: impl Fn(&str, f64) -> f64,
    ) -> Sums {
        let mut sums = Sums::new();
        let named = self.series.iter().filter(|(_, one)| one.name == name);
        for (key, one) in named {
            if with.is_some_and(|(name, wanted)| one.label(name) != wanted) {
                continue;
            }
            *sums.entry(one.label(label).to_owned()).or_default() += value(key, one.value);
        }
        sums
    }
}

impl Series {
    fn label(&self, name: &str) -> &str {
        let found = self.labels.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}
