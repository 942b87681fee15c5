//! Switches on a running server: what is refused, what its sender is told, what operators see, and the file that changes.

use std::fs;
use std::path::Path;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::http::request;
use crate::support::server::{Server, command};

const TIME_LIMIT: Duration = Duration::from_secs(60);

const SECRET: &str = "a-secret-in-the-path-0123456789";

fn write(folder: &Path, text: &str) {
    // As tools do, so that no half of it is read.
    fs::write(folder.join("new.yaml"), text).unwrap();
    fs::rename(folder.join("new.yaml"), folder.join("switches.yaml")).unwrap();
}

async fn send(server: &Server, user: u64, version: &str) -> (u16, Value) {
    let body = json!({
        "header": { "userId": user.to_string(), "appVersion": version },
        "events": [
            { "id": format!("cart-{user}-{version}"), "addToCartEvent": { "productId": "42" } },
            { "id": format!("open-{user}-{version}"), "pageOpenedEvent": {} },
        ],
    });
    let headers = [("content-type", "application/json")];
    let url = format!("{}/event/dispatch", server.http);
    let answer = request(Method::POST, &url, &headers, body.to_string()).await;
    (answer.status, serde_json::from_str(&answer.text).unwrap())
}

async fn readiness(server: &Server) -> Value {
    let answer = request(Method::GET, &format!("{}/readyz", server.ops), &[], "").await;
    serde_json::from_str(&answer.text).unwrap()
}

async fn report(server: &Server) -> Value {
    readiness(server).await["switches"].clone()
}

/// True if the switch file is told among what is out of order.
async fn degraded(server: &Server) -> bool {
    let report = readiness(server).await;
    let mut list = report["degraded"].as_array().unwrap().iter();
    list.any(|one| one["code"] == "switch_file")
}

async fn metric(server: &Server, line: &str) -> bool {
    let answer = request(Method::GET, &format!("{}/metrics", server.ops), &[], "").await;
    answer.text.lines().any(|one| one == line)
}

#[derive(clickhouse::Row, serde::Deserialize)]
struct Count {
    count: u64,
}

/// Number of rows of a table.
async fn count(server: &Server, of: &str) -> u64 {
    let database = server.store.address().database();
    let sql = format!("SELECT count() AS count FROM {database}.{of}");
    let rows: Vec<Count> = server.store.rows(&sql).await.unwrap();
    rows[0].count
}

/// Waits until the server has read the file again.
async fn until(server: &Server, holds: impl Fn(&Value) -> bool) {
    let start = Instant::now();
    loop {
        let report = report(server).await;
        if holds(&report) {
            return;
        }
        assert!(start.elapsed() < TIME_LIMIT, "{report}\n{}", server.log());
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_switched_off_is_told_counted_and_kept_nowhere() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    let config =
        format!("switches: switches.yaml\nenvironment: {{ GRAPHY_WEBHOOK_SECRET: {SECRET} }}\n");
    fs::write(folder.join("c.yaml"), config).unwrap();
    write(
        folder,
        "switches:\n  cart-3.1:\n    types: [AddToCartEvent]\n    versions: '>=3.1, <3.2'\n    reason: APP-7\n  graphy:\n    \
         sources: [graphy]\n",
    );
    let server = Server::start(folder, &["--config", "c.yaml"]).await;

    let (status, answer) = send(&server, 7, "3.1.4").await;
    assert_eq!((status, &answer["accepted"]), (200, &json!(1)));
    let rejected = &answer["rejected"][0];
    assert_eq!(rejected["code"], "REJECT_CODE_SWITCHED_OFF");
    assert_eq!(rejected["id"], "cart-7-3.1.4");
    assert!(
        rejected["reason"].as_str().unwrap().contains("`cart-3.1`"),
        "{answer}"
    );
    // What is at its default is left out: it isn't to be sent again.
    assert_eq!(rejected.get("retryable"), None, "{answer}");
    let (status, answer) = send(&server, 7, "3.2").await;
    assert_eq!((status, &answer["accepted"]), (200, &json!(2)));

    let webhook = async || {
        let url = format!("{}/graphy/event/{SECRET}", server.http);
        let headers = [("content-type", "application/json")];
        request(Method::POST, &url, &headers, r#"{"a":1}"#).await
    };
    let answer = webhook().await;
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(
        answer.text.contains("switched off (`graphy`)"),
        "{answer:?}"
    );

    let told = report(&server).await;
    let cart = &told["in_force"]["cart-3.1"];
    assert_eq!(
        cart["does"],
        "types AddToCartEvent; versions >=3.1, <3.2: off"
    );
    assert_eq!(
        (&cart["refused"], &cart["reason"]),
        (&json!(1), &json!("APP-7"))
    );
    assert!(cart["since"].as_str().unwrap().starts_with("20"), "{told}");
    assert!(
        metric(
            &server,
            "event_grpc_switched_off_total{switch=\"cart-3.1\"} 1"
        )
        .await
    );
    assert!(metric(&server, "event_grpc_switch_in_force{switch=\"graphy\"} 1").await);
    let said = server.log().matches("A switch is in force").count();
    assert_eq!(said, 2, "{}", server.log());

    // A wrong file changes nothing.
    write(folder, "switches: { cart-3.1: { type: [AddToCartEvent] } }");
    until(&server, |report| report.get("bad").is_some()).await;
    let bad = report(&server).await["bad"].as_str().unwrap().to_owned();
    assert!(
        bad.contains("line 1") && bad.contains("did you mean `types`?"),
        "{bad}"
    );
    assert_eq!(send(&server, 8, "3.1").await.1["accepted"], 1);
    assert!(metric(&server, "event_grpc_switch_file_bad 1").await);
    assert!(degraded(&server).await);

    // Half of the users, with all of their events.
    write(folder, "switches:\n  half: { sources: [app], keep: 50% }\n");
    until(&server, |report| report["in_force"].get("half").is_some()).await;
    let mut taken = 0;
    for user in 100..140 {
        let (status, answer) = send(&server, user, "1").await;
        match status {
            200 => assert_eq!(answer["accepted"], 2, "{answer}"),
            status => assert_eq!(
                (status, answer["rejected"].as_array().unwrap().len()),
                (400, 2)
            ),
        }
        taken += u64::from(status == 200);
    }
    assert!((8..=32).contains(&taken), "{taken} of 40 users");
    assert_ne!(webhook().await.status, 403);
    assert!(!degraded(&server).await);
    assert!(metric(&server, "event_grpc_switch_in_force{switch=\"graphy\"} 0").await);
    write(folder, "switches: {}");
    until(&server, |report| report["in_force"] == json!({})).await;
    assert_eq!(send(&server, 9, "3.1").await.1["accepted"], 2);

    // Rows of what was accepted, and no dead letter of what was refused.
    let events = "event FINAL WHERE match(event_id, '^(cart|open)-')";
    assert_eq!(count(&server, events).await, 1 + 2 + 1 + 2 * taken + 2);
    let letters = "error_event WHERE match(reason, 'switched')";
    assert_eq!(count(&server, letters).await, 0);
    server.stop_with_complaints().await;
}

#[tokio::test]
async fn a_file_is_checked_before_a_server_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let check = async |text: &str| {
        fs::write(folder.path().join("s.yaml"), text).unwrap();
        let mut command = command("switches");
        command.args(["check", "s.yaml"]).current_dir(folder.path());
        let output = timeout(TIME_LIMIT, command.output())
            .await
            .unwrap()
            .unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        (output.status.success(), out)
    };
    let good = "switches:\n  a: { types: [AddToCartEvent, AddToCrt], keep: 2.5% }\n";
    let (is_good, told) = check(good).await;
    assert!(is_good, "{told}");
    assert!(
        told.contains("a  types AddToCartEvent, AddToCrt: 2.5% of users kept"),
        "{told}"
    );
    assert!(
        told.contains("s.yaml:2: no effect: switch `a`: this build knows no event type"),
        "{told}"
    );
    assert!(told.contains("did you mean `AddToCartEvent`?"), "{told}");
    let (is_good, told) = check("switches:\n  a: { keep: 2 }\n  b: {}\n").await;
    assert!(!is_good);
    let lines: Vec<&str> = told.lines().collect();
    assert!(
        lines[0].starts_with("s.yaml:2: `keep` is a percentage"),
        "{told}"
    );
    assert!(
        lines[1].starts_with("s.yaml:3: switch `b` applies to everything"),
        "{told}"
    );
    // A server doesn't start with it: what it switches off would come in.
    let mut serve = command("serve");
    serve.args(["--switches", "s.yaml", "--grpc-listen", "127.0.0.1:0"]);
    serve.args([
        "--http-listen",
        "127.0.0.1:0",
        "--ops-listen",
        "127.0.0.1:0",
    ]);
    serve.current_dir(folder.path());
    let output = timeout(TIME_LIMIT, serve.output()).await.unwrap().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(told.contains("--switches s.yaml: line 2:"), "{told}");
}
