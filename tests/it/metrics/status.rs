//! What is out of order, as `/readyz`, `event-grpc status` and a metric tell it.

use std::time::Duration;

use event_grpc::generated::PIPELINE;
use event_grpc::sink::clickhouse::ClickHouse;
use http::Method;
use serde_json::Value;
use tokio::process::Command;

use crate::app::support::{Instance, instance_on};
use crate::http::request;
use crate::support::topology::Vhost;

/// Runs a command of the program; its exit status, and what it says.
async fn command(args: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_event-grpc"));
    let output = command.args(args).output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    let code = output.status.code().unwrap();
    (code, String::from_utf8(text).unwrap())
}

/// What is out of order about a subject, by code.
async fn codes(app: &Instance, subject: &str) -> Vec<String> {
    let (_, report) = app.readiness().await;
    let degraded = report["degraded"].as_array().unwrap().iter();
    let about = degraded.filter(|one| one["subject"] == subject);
    about
        .map(|one| one["code"].as_str().unwrap().to_owned())
        .collect()
}

/// Waits until exactly these codes are told about a subject.
async fn eventually(app: &Instance, subject: &str, wanted: &[&str]) {
    let mut told = Vec::new();
    for _ in 0..150 {
        told = codes(app, subject).await;
        if told == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{told:?} is told of {subject}, and not {wanted:?}");
}

/// Waits until `/metrics` has a line.
async fn counted(app: &Instance, line: &str) {
    for _ in 0..150 {
        let page = request(Method::GET, &app.ops_url("/metrics"), &[], "").await;
        if page.text.lines().any(|found| found == line) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{line} is not there");
}

async fn rename(store: &ClickHouse, from: &str, to: &str) {
    let database = store.address().database().to_owned();
    let sql = format!("RENAME TABLE {from} TO {to}");
    store.run(Some(&database), &sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_out_of_order_is_told_by_readiness_status_and_a_metric() {
    let vhost = Vhost::create();
    instance_on("status", Some(vhost.url()), async |app, store| {
        let url = app.ops_url("");
        let line = |on: u8| {
            format!("event_grpc_degraded{{reason=\"table_misfit\",subject=\"click_event\"}} {on}")
        };
        eventually(app, "click_event", &[]).await;
        rename(store, "click_event", "click_event_elsewhere").await;
        eventually(app, "click_event", &["table_misfit"]).await;
        counted(app, &line(1)).await;
        let (code, told) = command(&["status", "--instance", &url]).await;
        assert_eq!(code, 1, "{told}");
        assert!(told.contains("table_misfit click_event since 2"), "{told}");
        assert!(told.contains("to do: apply the migrations"), "{told}");
        let (code, told) = command(&["status", "--json", "--instance", &url]).await;
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!((code, &told[&url]["ready"]), (1, &Value::Bool(true)));
        rename(store, "click_event_elsewhere", "click_event").await;
        eventually(app, "click_event", &[]).await;
        counted(app, &line(0)).await;

        let rest = app.ops_url("/heartbeat/?beat=false");
        request(Method::PUT, &rest, &[], "").await;
        let (code, told) = command(&["status", "--instance", &url]).await;
        assert_eq!(code, 2, "{told}");
        assert!(
            told.contains("not ready") && told.contains("  resting since"),
            "{told}"
        );
        counted(app, "event_grpc_heartbeat 0").await;
    })
    .await;
    vhost.delete();
    let (code, told) = command(&["status", "--instance", "http://127.0.0.1:9"]).await;
    assert_eq!(code, 2, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_names_the_commit_and_the_schema() {
    let (code, told) = command(&["--version"]).await;
    let schema = PIPELINE.fingerprint;
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(code, 0);
    let built = option_env!("EVENT_GRPC_COMMIT").unwrap_or("unknown");
    let wanted = format!("event-grpc {version} (commit {built}, schema {schema})\n");
    // A release build asks git.
    assert!(told == wanted || !cfg!(debug_assertions), "{told}");
    assert!(told.ends_with(&format!(", schema {schema})\n")), "{told}");
}
