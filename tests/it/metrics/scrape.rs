//! A text of metrics, compared with the declarations.

use std::collections::{BTreeMap, BTreeSet};

use event_grpc::metrics::{self, Declaration, Kind};

/// One line with a value: the name, and the labels with their values.
type Sample<'a> = (&'a str, Vec<(&'a str, &'a str)>);

/// The names of all metrics that have a time series.
pub(super) fn scraped(text: &str) -> BTreeSet<&str> {
    samples(text)
        .map(|(name, _)| declared(name).map_or(name, |d| d.name))
        .collect()
}

/// What is not as it is declared.
pub(super) fn wrong(text: &str) -> Vec<String> {
    let said = |mark: &str| -> BTreeMap<&str, &str> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(mark));
        lines.filter_map(|line| line.split_once(' ')).collect()
    };
    let (helps, kinds) = (said("# HELP "), said("# TYPE "));
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (name, labels) in samples(text) {
        let Some(metric) = declared(name) else {
            wrong.push(format!("{name} is not declared"));
            continue;
        };
        if seen.insert(metric.name) {
            let kind = match metric.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram => "histogram",
            };
            if helps.get(metric.name) != Some(&metric.help) {
                wrong.push(format!(
                    "{} has another HELP: {:?}",
                    metric.name,
                    helps.get(metric.name)
                ));
            }
            if kinds.get(metric.name) != Some(&kind) {
                wrong.push(format!(
                    "{} has another TYPE: {:?}",
                    metric.name,
                    kinds.get(metric.name)
                ));
            }
        }
        let labels: Vec<_> = labels
            .into_iter()
            .filter(|(name, _)| *name != "le")
            .collect();
        let names: Vec<&str> = labels.iter().map(|(name, _)| *name).collect();
        let wanted: Vec<&str> = metric.labels.iter().map(|label| label.name).collect();
        if names != wanted {
            wrong.push(format!(
                "{name} has the labels {names:?} and not {wanted:?}"
            ));
        }
        for (label, (_, value)) in metric.labels.iter().zip(labels) {
            if !label.may_be(value) {
                wrong.push(format!(
                    "{name}: {} is {value}, which is not declared",
                    label.name
                ));
            }
        }
    }
    wrong
}

/// The declaration of a name in a text; histograms have several.
fn declared(name: &str) -> Option<&'static Declaration> {
    metrics::all().find(|metric| {
        let rest = name.strip_prefix(metric.name);
        match metric.kind {
            Kind::Histogram => matches!(rest, Some("_bucket" | "_sum" | "_count")),
            _ => rest == Some(""),
        }
    })
}

/// All lines with a value. The values of labels here have no quotes in them.
fn samples(text: &str) -> impl Iterator<Item = Sample<'_>> {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| {
        let (series, _) = line.rsplit_once(' ').expect("a sample has a value");
        let Some((name, labels)) = series.split_once('{') else {
            return (series, Vec::new());
        };
        let labels = labels.trim_end_matches('}').split("\",");
        let labels = labels.map(|label| label.split_once("=\"").expect("a label has a value"));
        (
            name,
            labels
                .map(|(name, value)| (name, value.trim_end_matches('"')))
                .collect(),
        )
    })
}
