//! What an autoscaler asks for, in made-up figures: the recorded backlog of each queue, and the query that the chart gives to KEDA.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::ops::folder;
use super::promtool::{run, said};

/// Labels of the series below, behind their own.
const OF: &str = "job=\"event-grpc\",instance=\"a\",namespace=\"events\"";

/// Figures: of queues in RabbitMQ (`q`), in a topic (`t`), behind a bridge (`b`), and of one that nobody consumes.
const FIGURES: &[(&str, &str, u32)] = &[
    ("event_grpc_queue_ready_messages", "queue=\"q\"", 10),
    ("event_grpc_queue_consumers", "queue=\"q\"", 2),
    ("event_grpc_queue_messages", "queue=\"q\",state=\"held\"", 5),
    ("event_grpc_queue_ready_messages", "queue=\"b\"", 100),
    ("event_grpc_queue_consumers", "queue=\"b\"", 1),
    ("event_grpc_queue_messages", "queue=\"b\",state=\"held\"", 7),
    ("event_grpc_kafka_lag", "queue=\"b\"", 1_000),
    ("event_grpc_queue_messages", "queue=\"t\",state=\"held\"", 3),
    ("event_grpc_kafka_lag", "queue=\"t\"", 10_000),
    ("event_grpc_queue_ready_messages", "queue=\"left\"", 30_000),
    ("event_grpc_queue_consumers", "queue=\"left\"", 0),
    (
        "event_grpc_queue_messages",
        "queue=\"left\",state=\"held\"",
        0,
    ),
    ("event_grpc_heartbeat", "", 1),
];

/// Series of the figures that are wanted.
fn series(wanted: impl Fn(&str, &str) -> bool) -> Vec<Value> {
    let wanted = FIGURES
        .iter()
        .filter(|(name, labels, _)| wanted(name, labels));
    let series = wanted.map(|(name, labels, value)| {
        let comma = if labels.is_empty() { "" } else { "," };
        json!({ "series": format!("{name}{{{labels}{comma}{OF}}}"), "values": format!("{value}x10") })
    });
    series.collect()
}

/// A test of promtool: what expressions give with these series; nothing where no value is expected.
fn test(series: &[Value], expected: &[(&str, Option<u32>)]) -> Value {
    let tests = expected.iter().map(|(expr, value)| {
        let samples = value.map_or(
            json!([]),
            |value| json!([{ "labels": "{}", "value": value }]),
        );
        json!({ "expr": expr, "eval_time": "5m", "exp_samples": samples })
    });
    let tests: Vec<Value> = tests.collect();
    json!({ "interval": "1m", "input_series": series, "promql_expr_test": tests })
}

/// The query that the chart gives to KEDA, in the namespace of the figures.
fn query() -> String {
    let values = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/helm/event-grpc/values.yaml");
    let values = fs::read_to_string(values).unwrap();
    let values: serde_yaml::Value = serde_yaml::from_str(&values).unwrap();
    let query = &values["autoscaling"]["prometheus"]["query"];
    query
        .as_str()
        .unwrap()
        .replace("{{ .Release.Namespace }}", "events")
}

#[test]
fn what_waits_is_counted_once_in_rabbitmq_and_in_kafka() {
    let (query, all) = (query(), series(|_, _| true));
    let backlog =
        |queue: &str| format!("sum(event_grpc:queue_backlog:messages{{queue=\"{queue}\"}})");
    let [q, b, t, left] = ["q", "b", "t", "left"].map(backlog);
    let in_rabbitmq = series(|name, labels| {
        name != "event_grpc_kafka_lag" && (labels.contains("\"q\"") || labels.is_empty())
    });
    let in_kafka = series(|_, labels| labels.contains("\"t\"") || labels.is_empty());
    // Everything is taken from nobody: a namespace that nothing is in, scrapes that fail.
    let nothing = series(|name, _| name == "event_grpc_kafka_lag");
    let tests = json!({
        "rule_files": [folder().join("recording.yaml")],
        "evaluation_interval": "1m",
        "tests": [
            test(&all, &[
                (&q, Some(15)),
                (&b, Some(1_100)),
                (&t, Some(10_000)),
                (&left, Some(30_000)),
                (&query, Some(10 + 5 + 100 + 1_000 + 10_000)),
            ]),
            test(&in_rabbitmq, &[(&q, Some(15)), (&query, Some(15))]),
            test(&in_kafka, &[(&t, Some(10_000)), (&query, Some(10_000))]),
            test(&nothing, &[(&query, None)]),
        ],
    });
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("tests.yaml");
    fs::write(&path, tests.to_string()).unwrap();
    let output = run(&path);
    assert!(output.status.success(), "{}", said(&output));
}
