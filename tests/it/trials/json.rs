//! JSON whose paths, members or depth cost more than its bytes.

mod columns;

use std::time::Duration;

use event_grpc::broker::{Outgoing, Properties};
use futures_util::future::join_all;
use http::Method;

use crate::app::support::{Instance, eventually, instance, instance_on, text};
use crate::clickhouse::support::number;
use crate::http::request;
use crate::support::topology::Vhost;

/// `{"list":[…]}`.
fn list(of: impl Iterator<Item = String>) -> String {
    format!(r#"{{"list":[{}]}}"#, of.collect::<Vec<_>>().join(","))
}

/// A list of objects each of which has a key of its own.
fn own_keys(objects: usize) -> String {
    list((0..objects).map(|i| format!(r#"{{"sku_{i}":1}}"#)))
}

/// A list of many objects that hold next to nothing.
fn tiny(objects: usize) -> String {
    list((0..objects).map(|_| r#"{"":0}"#.to_owned()))
}

fn nested(levels: usize) -> String {
    format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels))
}

/// Values over a limit, and how the reason says so.
fn too_much() -> Vec<(String, &'static str)> {
    vec![
        (own_keys(10_000), "distinct paths"),
        (own_keys(60_000), "distinct paths"),
        (
            list((0..2000).map(|i| format!(r#"[[{{"k{i}":[]}}]]"#))),
            "distinct paths",
        ),
        (
            list((0..20_000).map(|i| format!(r#"{{"k{}":1}}"#, i % 900))),
            "places",
        ),
        (tiny(590_000), "members and elements"),
        (nested(65), "deeper than 64"),
        (nested(127), "deeper than 64"),
        (
            format!(r#"{{"{}":1}}"#, "k".repeat(1 << 20)),
            "names of the paths",
        ),
        (
            format!(
                r#"{{"{}":{{{}}}}}"#,
                "k".repeat(1 << 16),
                (0..900)
                    .map(|i| format!(r#""{i}":1"#))
                    .collect::<Vec<_>>()
                    .join(",")
            ),
            "names of the paths",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_would_explode_is_kept_and_told_its_limit() {
    instance("trial_json_webhook", async |app, store| {
        for (body, reason) in too_much() {
            let answer = request(Method::POST, &app.url("/graphy/event/"), &[], body).await;
            assert_eq!(answer.status, 202, "{answer:?}");
            assert!(answer.text.contains(reason), "{reason}: {answer:?}");
        }
        // A list that is as large, but of similar objects, is stored.
        let alike = list((0..20_000).map(|i| format!(r#"{{"sku":"s{i}","n":{i}}}"#)));
        let answer = request(Method::POST, &app.url("/graphy/event/"), &[], alike).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        eventually(
            store,
            "SELECT toUInt64(sum(length(event_data.list[].n))) FROM DB.graphy_event",
            20_000,
        )
        .await;
        let letters = "SELECT uniqExact(error_id) FROM DB.error_event WHERE class = 'bad_field'";
        assert_eq!(number(store, letters).await, too_much().len() as u64);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_of_many_values_take_no_tree_of_them() {
    instance("trial_json_trees", async |app, _| {
        let body = bytes::Bytes::from(tiny(590_000));
        let before = resident();
        let watched = tokio::spawn(async move {
            let mut most = before;
            for _ in 0..400 {
                most = most.max(resident());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            most
        });
        let url = app.url("/graphy/event/");
        for _ in 0..3 {
            let posts = (0..3).map(|_| request(Method::POST, &url, &[], body.clone()));
            for answer in join_all(posts).await {
                // There is room to keep some of them.
                assert!([202, 429].contains(&answer.status), "{answer:?}");
            }
        }
        let grown = watched.await.unwrap() - before;
        assert!(grown < 300 << 20, "{} MiB", grown >> 20);
    })
    .await;
}

/// Resident memory of this process, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib << 10
}

async fn publish(app: &Instance, id: &str, body: String) {
    let properties = Properties {
        content_type: Some("application/json".into()),
        message_id: Some(id.to_owned()),
        ..Properties::default()
    };
    let message = Outgoing::new("graphy_event.tx", "x", body).with(properties);
    app.broker().publish(message).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_would_explode_is_a_dead_letter_and_others_are_stored() {
    let vhost = Vhost::create();
    instance_on("trial_json_messages", Some(vhost.url()), async |app, store| {
        let mut bodies = too_much();
        bodies.push((format!("[{}{{}}]", "{},".repeat(1_000_000)), "more than 50000 objects"));
        for (at, (body, _)) in bodies.iter().enumerate() {
            publish(app, &format!("bad-{at}"), body.clone()).await;
            publish(app, &format!("good-{at}"), format!(r#"{{"n":{at}}}"#)).await;
        }
        let count = bodies.len() as u64;
        eventually(store, "SELECT uniqExact(id) FROM DB.graphy_event WHERE id LIKE 'good-%'", count).await;
        eventually(store, "SELECT uniqExact(error_id) FROM DB.error_event WHERE queue = 'graphy_event_q'", count).await;
        for (_, reason) in &bodies {
            let told = format!("SELECT count() FROM DB.error_event WHERE class = 'bad_field' AND reason LIKE '%{reason}%'");
            assert!(number(store, &told).await > 0, "{reason}");
        }
        // In a list one object costs itself alone.
        publish(app, "list", format!(r#"[{{"n":1}},{},{{"n":3}}]"#, own_keys(2000))).await;
        eventually(store, "SELECT uniqExact(id) FROM DB.graphy_event WHERE id IN ('list-0', 'list-2')", 2).await;
        eventually(store, "SELECT uniqExact(error_id) FROM DB.error_event WHERE queue = 'graphy_event_q'", count + 1).await;
    })
    .await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_messages_with_paths_of_their_own_are_stored() {
    instance("trial_json_rows", async |app, store| {
        let body = |row: usize| {
            let members = (0..400).map(|i| format!(r#""own_{row}_{i}":{i}"#));
            let lists = (0..20).map(|i| format!(r#"{{"in_{row}_{i}":"v"}}"#));
            let (members, lists) = (members.collect::<Vec<_>>(), lists.collect::<Vec<_>>());
            format!(r#"{{"all":{row},{},"list":[{}]}}"#, members.join(","), lists.join(","))
        };
        let rows = (0..200).map(|row| publish(app, "", body(row)));
        join_all(rows).await;
        eventually(store, "SELECT uniqExact(event_data.all.:Int64) FROM DB.graphy_event", 200).await;
        let kept = "SELECT toString(event_data.own_150_399) || event_data.list[].in_150_7[8]::String FROM DB.graphy_event \
                    WHERE event_data.all = 150";
        assert_eq!(text(store, kept).await, "399v");
        assert_eq!(number(store, "SELECT count() FROM DB.error_event").await, 0);
    })
    .await;
}
