//! What Prometheus' own tool says: of the metrics of an instance, of the rules, and of each alert in a made-up hour.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use http::Method;
use serde_json::{Value, json};

use super::cases::{CASES, Case};
use super::ops::{alerts, files, folder};
use crate::app::support::instance_on;
use crate::http::request;
use crate::support::topology::Vhost;

/// What every case has beside its own series: the instance is there.
const USUAL: [(&str, &str); 3] = [
    (
        "event_grpc_build_info{job=\"event-grpc\",instance=\"a\",version=\"1\",commit=\"c\",schema=\"s\"}",
        "1x180",
    ),
    ("up{job=\"event-grpc\",instance=\"a\"}", "1x180"),
    (
        "event_grpc_heartbeat{job=\"event-grpc\",instance=\"a\"}",
        "1x180",
    ),
];

fn promtool() -> Command {
    let program = std::env::var_os("EVENT_GRPC_TEST_PROMTOOL")
        .expect("EVENT_GRPC_TEST_PROMTOOL is not set; run the tests with `cargo xtask test`");
    Command::new(program)
}

pub(super) fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_has_no_complaint_about_the_metrics_of_an_instance_with_traffic() {
    let vhost = Vhost::create();
    instance_on("promtool", Some(vhost.url()), async |app, _| {
        let body = "{\"header\":{\"userId\":\"7\"},\"events\":[{\"addToCartEvent\":{\"productId\":\"42\",\"quantity\":2}}]}";
        let json = [("content-type", "application/json")];
        let answer = request(Method::POST, &app.url("/event/dispatch"), &json, body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let mut page = String::new();
        for _ in 0..100 {
            page = request(Method::GET, &app.ops_url("/metrics"), &[], "").await.text;
            let is_there = |name: &str| page.contains(&format!("{name}_count{{"));
            if is_there("event_grpc_batch_rows") && is_there("event_grpc_broker_confirm_seconds") {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        for series in ["event_grpc_visible_seconds_bucket{", "event_grpc_batch_rows_bucket{", "process_cpu_seconds_total ", "event_grpc_queue_ready_messages{"] {
            assert!(page.contains(series), "{series} is not there:\n{page}");
        }
        let mut tool = promtool();
        tool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = tool.spawn().unwrap();
        running.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
        let output = running.wait_with_output().unwrap();
        assert!(output.status.success() && said(&output).is_empty(), "{}", said(&output));
    })
    .await;
    vhost.delete();
}

#[test]
fn it_takes_the_rules_and_the_expressions_of_dashboards() {
    let place = tempfile::tempdir().unwrap();
    let mut dashboards = Vec::new();
    for file in fs::read_dir(folder().join("dashboards")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let dashboard: Value = serde_json::from_str(&text).unwrap();
        let panels = dashboard["panels"].as_array().unwrap();
        let targets = panels
            .iter()
            .filter_map(|panel| panel["targets"].as_array())
            .flatten();
        dashboards.extend(targets.map(|target| target["expr"].clone()));
    }
    let as_rules = dashboards
        .iter()
        .enumerate()
        .map(|(at, expr)| json!({ "record": format!("panel:{at}"), "expr": expr }));
    let as_rules: Vec<Value> = as_rules.collect();
    let made = json!({ "groups": [{ "name": "dashboards", "rules": as_rules }] });
    let made_file = place.path().join("dashboards.yaml");
    fs::write(&made_file, made.to_string()).unwrap();
    let files = files();
    let output = promtool()
        .args(["check", "rules"])
        .args(files)
        .arg(made_file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn each_alert_fires_for_its_fault_and_for_nothing_else() {
    let alerts = alerts();
    let names: Vec<&str> = alerts
        .iter()
        .map(|alert| alert["alert"].as_str().unwrap())
        .collect();
    for name in &names {
        assert!(
            CASES
                .iter()
                .any(|case| format!("EventGrpc{}", case.alert) == *name),
            "{name} has no case"
        );
    }
    let place = tempfile::tempdir().unwrap();
    let mut tests = Vec::new();
    for case in CASES {
        let name = format!("EventGrpc{}", case.alert);
        if !names.contains(&name.as_str()) {
            // The pipeline doesn't have what it needs.
            continue;
        }
        tests.extend([test(case, case.fault, 1), test(case, case.fine, 0)]);
    }
    let also: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    assert!(!also.is_empty());
    let file = json!({
        "rule_files": files(),
        "evaluation_interval": "1m",
        "tests": tests,
    });
    let path = place.path().join("tests.yaml");
    fs::write(&path, file.to_string()).unwrap();
    let output = run(&path);
    assert!(output.status.success(), "{}", said(&output));
}

pub(super) fn run(tests: &Path) -> Output {
    promtool()
        .args(["test", "rules"])
        .arg(tests)
        .output()
        .unwrap()
}

/// Test of one case: its alert fires or not, and nothing else does.
fn test(case: &Case, series: &[(&str, &str)], fires: u64) -> Value {
    let replaced = |name: &str| {
        series
            .iter()
            .any(|(own, _)| own.split('{').next() == name.split('{').next())
    };
    let usual = USUAL.iter().filter(|(name, _)| !replaced(name));
    let series = usual
        .chain(series)
        .map(|(name, values)| json!({ "series": name, "values": values }));
    let series: Vec<Value> = series.collect();
    let firing = |names: &str| format!("count(ALERTS{{alertstate=\"firing\",alertname{names}}})");
    let own = match fires {
        0 => json!([]),
        _ => json!([{ "labels": "{}", "value": fires }]),
    };
    let mut expected = vec![case.alert.to_owned()];
    expected.extend(case.also.iter().map(|also| (*also).to_owned()));
    let expected = expected.join("|EventGrpc");
    json!({
        "interval": "1m",
        "name": format!("{} {fires}", case.alert),
        "input_series": series,
        "promql_expr_test": [
            { "expr": firing(&format!("=\"EventGrpc{}\"", case.alert)), "eval_time": case.at, "exp_samples": own },
            { "expr": firing(&format!("!~\"EventGrpc{expected}\"")), "eval_time": case.at, "exp_samples": [] },
        ],
    })
}
