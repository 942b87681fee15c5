//! Expressions of rules and dashboards: which metrics and labels they name. That they are PromQL at all is for promtool to say.

use std::collections::BTreeSet;

use event_grpc::metrics::{self, Declaration, Kind};

/// Labels that every series has once it is scraped.
const SCRAPED: [&str; 2] = ["job", "instance"];

/// Words of PromQL that stand where metrics do.
const WORDS: [&str; 12] = [
    "and",
    "or",
    "unless",
    "on",
    "by",
    "ignoring",
    "without",
    "group_left",
    "group_right",
    "bool",
    "offset",
    "label_values",
];

/// Metric with the matchers of its labels, as an expression has it.
#[derive(Debug)]
struct Selector<'a> {
    name: &'a str,
    matchers: Vec<(&'a str, &'a str)>,
}

/// What an expression names that is not there. `recorded` are the rules that are recorded, with their labels.
pub(super) fn wrong(expression: &str, recorded: &[(String, BTreeSet<String>)]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut all: BTreeSet<String> = SCRAPED.iter().map(|label| (*label).to_owned()).collect();
    let selectors = selectors(expression);
    if selectors.is_empty() && !expression.starts_with("vector(") {
        wrong.push(format!("{expression}: no metric"));
    }
    for selector in &selectors {
        let known = recorded.iter().find(|(name, _)| name == selector.name);
        let declared = declared(selector.name);
        let labels: BTreeSet<String> = match (known, declared, selector.name) {
            (Some((_, labels)), _, _) => labels.clone(),
            (None, Some(metric), _) => metric.labels.iter().map(|l| l.name.to_owned()).collect(),
            (None, None, "up") => BTreeSet::new(),
            (None, None, name) => {
                wrong.push(format!("{expression}: {name} is no metric"));
                continue;
            }
        };
        for (label, value) in &selector.matchers {
            if !labels.contains(*label) && !SCRAPED.contains(label) {
                wrong.push(format!("{}: no label {label}", selector.name));
            }
            let of_metric = declared.and_then(|m| m.labels.iter().find(|l| l.name == *label));
            // `a|b` of a regular expression is two values.
            let values = value.split('|').filter(|value| !value.contains('$'));
            let odd = values.filter(|value| of_metric.is_some_and(|label| !label.may_be(value)));
            wrong.extend(odd.map(|odd| format!("{}: {label} is never {odd}", selector.name)));
        }
        all.extend(labels);
        if declared.is_some_and(|metric| metric.kind == Kind::Histogram) {
            all.insert("le".to_owned());
        }
    }
    let grouped = grouped(expression).into_iter();
    let unknown = grouped.filter(|label| !all.contains(label));
    wrong.extend(unknown.map(|label| format!("{expression}: no label {label}")));
    wrong
}

/// Labels that the series of an expression have.
pub(super) fn labels(expression: &str) -> BTreeSet<String> {
    let mut labels = grouped(expression);
    labels.remove("le");
    labels
}

/// The declaration of a metric by the name that a series has.
fn declared(name: &str) -> Option<&'static Declaration> {
    metrics::all().find(
        |metric| match (metric.kind, name.strip_prefix(metric.name)) {
            (Kind::Histogram, Some(rest)) => matches!(rest, "_bucket" | "_sum" | "_count"),
            (_, rest) => rest == Some(""),
        },
    )
}

/// Names in the lists behind `by`, `on` and `group_left`.
fn grouped(expression: &str) -> BTreeSet<String> {
    let mut labels = BTreeSet::new();
    for word in ["by (", "on (", "group_left ("] {
        for list in expression.split(word).skip(1) {
            let (list, _) = list.split_once(')').expect("a list ends");
            let names = list.split(',').map(str::trim);
            labels.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
        }
    }
    labels
}

/// All selectors of an expression.
fn selectors(expression: &str) -> Vec<Selector<'_>> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some(start) = rest.find(|c: char| is_name(c) || c == '[' || c == '$') {
        let skipped = rest.get(start..).unwrap_or_default();
        if skipped.starts_with('[') {
            rest = skipped.split_once(']').map_or("", |(_, rest)| rest);
            continue;
        }
        let end = skipped
            .char_indices()
            .find(|(at, c)| !(is_name(*c) || *at == 0));
        let (name, after) = skipped.split_at(end.map_or(skipped.len(), |(at, _)| at));
        rest = after;
        let next = after.trim_start();
        let is_word = WORDS.contains(&name) || name.starts_with(|c: char| c.is_ascii_digit());
        if is_word || name.starts_with('$') || next.starts_with('(') || is_aggregate(name) {
            // The list of labels behind it.
            if matches!(name, "by" | "on" | "group_left") && next.starts_with('(') {
                rest = next.split_once(')').map_or("", |(_, rest)| rest);
            }
            continue;
        }
        let mut matchers = Vec::new();
        if let Some(inside) = after.strip_prefix('{') {
            let (inside, behind) = inside.split_once('}').expect("a selector ends");
            rest = behind;
            for matcher in inside.split("\",").map(|m| m.trim().trim_end_matches('"')) {
                let (label, value) = matcher.split_once('"').expect("a matcher has a value");
                matchers.push((label.trim_end_matches(['=', '~', '!']).trim(), value));
            }
        }
        found.push(Selector { name, matchers });
    }
    found
}

fn is_aggregate(name: &str) -> bool {
    ["sum", "max", "min", "count"].contains(&name)
}

#[test]
fn what_an_expression_names_is_found() {
    let expression = "sum by (job, le) (rate(event_grpc_flush_seconds_bucket{table=~\"$table\", job=\"a\"}[5m])) > on (queue) \
                      group_left () event_grpc:limit and on (job) up == 0";
    let found = selectors(expression);
    let names: Vec<&str> = found.iter().map(|selector| selector.name).collect();
    assert_eq!(
        names,
        ["event_grpc_flush_seconds_bucket", "event_grpc:limit", "up"]
    );
    assert_eq!(found[0].matchers, [("table", "$table"), ("job", "a")]);
    let all: Vec<String> = grouped(expression).into_iter().collect();
    assert_eq!(all, ["job", "le", "queue"]);
    let limit = (
        "event_grpc:limit".to_owned(),
        BTreeSet::from(["queue".to_owned()]),
    );
    assert_eq!(wrong(expression, &[limit]), Vec::<String>::new());
    for (expression, complaint) in [
        (
            "event_grpc_flush",
            "event_grpc_flush: event_grpc_flush is no metric",
        ),
        (
            "sum by (color) (event_grpc_panics_total)",
            "sum by (color) (event_grpc_panics_total): no label color",
        ),
        (
            "event_grpc_connections{door=\"front\"}",
            "event_grpc_connections: door is never front",
        ),
        (
            "event_grpc_connections{table=\"event\"}",
            "event_grpc_connections: no label table",
        ),
    ] {
        assert_eq!(wrong(expression, &[]), [complaint]);
    }
}
