//! The reference of metrics, as it stands in `docs/metrics.md`.

use std::fmt::Write as _;

use event_grpc::metrics::{Declaration, GROUPS, Kind, Label, Values};

const HEAD: &str = "<!-- Generated from src/metrics; UPDATE_EXPECT=1 cargo test --test it reference_is_made -->

# Metrics

`/metrics` of the operations listener answers in Prometheus' text format. Every metric that an instance has is here; each counts since
the start of its process, which `process_start_time_seconds` tells. Metrics marked with \u{2022} have all of their time series
from the start, at zero, so that `rate()` and `increase()` show the first occurrence. Histograms of seconds have buckets from
1 ms to 30 s unless they say otherwise.

[The ledger](ledger.md) lays the counts of messages side by side; [observability](observability.md) says which figures are of a process and which of
a server, and has alerts and dashboards.
";

/// The whole page.
pub(super) fn page() -> String {
    let mut page = HEAD.to_owned();
    for group in &GROUPS {
        write!(page, "\n## {}\n\n| metric | type | unit | labels | meaning |\n| --- | --- | --- | --- | --- |\n", group.title).unwrap();
        for metric in group.metrics {
            page.push_str(&row(metric));
        }
        let mut told = Vec::new();
        for label in group.metrics.iter().flat_map(|metric| metric.labels) {
            if let Values::Open(what) = label.values
                && !told.contains(&label.name)
            {
                if told.is_empty() {
                    page.push('\n');
                }
                told.push(label.name);
                writeln!(page, "- `{}`: {what}", label.name).unwrap();
            }
        }
    }
    page
}

fn row(metric: &Declaration) -> String {
    let kind = match metric.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    };
    let mark = if metric.from_start { " \u{2022}" } else { "" };
    let unit = match metric.unit {
        "" => "1 or 0",
        unit => unit,
    };
    let labels: Vec<String> = metric.labels.iter().map(label).collect();
    format!(
        "| `{}`{mark} | {kind} | {unit} | {} | {} |\n",
        metric.name,
        labels.join("; "),
        metric.help
    )
}

fn label(label: &Label) -> String {
    match label.values {
        Values::Listed(values) => {
            let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
            format!("`{}`: {}", label.name, values.join(", "))
        }
        _ => format!("`{}`", label.name),
    }
}
