//! The bearer token of operators.

use std::time::{Duration, Instant};

use http::Method;
use tonic::Code;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::{ALONE, TOKEN, alone, ask, metrics, token_file};
use crate::support::server::{Server, command};

/// Output of a command that ends by itself.
pub(super) async fn ends(name: &str, arguments: &[&str], token: Option<&str>) -> (bool, String) {
    let mut command = command(name);
    command.args(arguments);
    if let Some(token) = token {
        command.env("EVENT_GRPC_OPS_TOKEN", token);
    }
    let ended = tokio::time::timeout(Duration::from_secs(30), command.output()).await;
    let output = ended.expect("it ends").unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output.status.success(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_would_let_anybody_in_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let empty = token_file(directory.path(), "\n");
    let places = [
        "--grpc-listen",
        "127.0.0.1:0",
        "--http-listen",
        "127.0.0.1:0",
    ];
    let start = async |options: &[&str], token| {
        ends("serve", &[&ALONE[..], &places, options].concat(), token).await
    };
    let (good, said) = start(&["--ops-listen", "0.0.0.0:0"], None).await;
    assert!(!good, "{said}");
    for part in [
        "0.0.0.0:0",
        "--ops-token-file",
        "EVENT_GRPC_OPS_TOKEN",
        "127.0.0.1:8018",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let (good, said) = start(&["--ops-listen", "127.0.0.1:0"], Some("short-secret")).await;
    assert!(!good && said.contains("16 to"), "{said}");
    assert!(!said.contains("short-secret"), "{said}");
    let file = ["--ops-listen", "127.0.0.1:0", "--ops-token-file", &empty];
    let (good, said) = start(&file, None).await;
    assert!(!good && said.contains(&empty), "{said}");
    let (good, said) = start(&file, Some(TOKEN)).await;
    assert!(!good && said.contains("not both"), "{said}");
    assert!(!said.contains(TOKEN), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_loopback_a_token_is_asked_and_the_host_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let file = token_file(directory.path(), &format!("{TOKEN}\n"));
    let options = ["--ops-token-file", &file];
    let options = [&ALONE[..], &options].concat();
    let mut server = Server::start_at(directory.path(), "0.0.0.0:0", &options).await;
    server.ops = server.ops.replace("0.0.0.0", "127.0.0.1");
    let elsewhere = ("host", "10.1.2.3:8018");
    for path in ["/livez", "/heartbeat/", "/heartbeat"] {
        let answer = ask(&server, Method::GET, path, &[elsewhere]).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
    for (method, path) in [
        (Method::GET, "/metrics"),
        (Method::GET, "/readyz"),
        (Method::PUT, "/heartbeat/?beat=false"),
        (Method::GET, "/nowhere"),
    ] {
        let answer = ask(&server, method, path, &[elsewhere]).await;
        assert_eq!(answer.status, 401, "{path}: {answer:?}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
    assert_eq!(metrics(&server, "not-the-token-at-all").await, 401);
    assert_eq!(metrics(&server, TOKEN).await, 200);

    // gRPC has codes of its own for it.
    let channel = Endpoint::from_shared(server.ops.clone()).unwrap();
    let channel = channel.connect().await.unwrap();
    let check = async |token: Option<&str>| {
        let mut request = tonic::Request::new(HealthCheckRequest::default());
        if let Some(token) = token {
            let value = format!("Bearer {token}").parse().unwrap();
            request.metadata_mut().insert("authorization", value);
        }
        let mut client = HealthClient::new(channel.clone());
        client.check(request).await.map_err(|status| status.code())
    };
    assert_eq!(check(None).await.unwrap_err(), Code::Unauthenticated);
    assert!(check(Some(TOKEN)).await.is_ok());

    let bearer = format!("Bearer {TOKEN}");
    let counted = ask(
        &server,
        Method::GET,
        "/metrics",
        &[("authorization", &bearer)],
    )
    .await;
    for (reason, count) in [("no_token", 5), ("wrong_token", 1)] {
        let line = format!("event_grpc_refused_total{{door=\"ops\",reason=\"{reason}\"}} {count}");
        assert!(counted.text.contains(&line), "{line}\n{}", counted.text);
    }
    assert!(!server.log().contains(TOKEN));
    server.stop_with_complaints().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_changes_without_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let file = token_file(directory.path(), TOKEN);
    let server = alone(directory.path(), &["--ops-token-file", &file]).await;
    assert_eq!(metrics(&server, TOKEN).await, 200);
    let next = "the-token-that-comes-next";
    assert_eq!(metrics(&server, next).await, 401);
    // Both for a while, so that scrapers can follow, and then the new one alone.
    token_file(directory.path(), &format!("{next}\n{TOKEN}\n"));
    until(async || metrics(&server, next).await == 200).await;
    assert_eq!(metrics(&server, TOKEN).await, 200);
    token_file(directory.path(), next);
    until(async || metrics(&server, TOKEN).await == 401).await;
    assert_eq!(metrics(&server, next).await, 200);
    // A file that can't be used changes nothing.
    token_file(directory.path(), "short");
    until(async || server.log().contains("stay as they were")).await;
    assert_eq!(metrics(&server, next).await, 200);
    std::fs::remove_file(&file).unwrap();
    until(async || server.log().contains("can't be read")).await;
    assert_eq!(metrics(&server, next).await, 200);
    token_file(directory.path(), TOKEN);
    until(async || metrics(&server, TOKEN).await == 200).await;
    assert_eq!(metrics(&server, next).await, 401);
    let log = server.log();
    assert!(!log.contains(TOKEN) && !log.contains(next), "{log}");
    server.kill().await;
}

/// Waits until something is so.
async fn until(mut so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !so().await {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "it never came to be"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_shows_its_token() {
    let directory = tempfile::tempdir().unwrap();
    let file = token_file(directory.path(), TOKEN);
    let server = alone(directory.path(), &["--ops-token-file", &file]).await;
    let asks = ["--instance", server.ops.as_str(), "--all"];
    let (good, said) = ends("ledger", &asks, None).await;
    assert!(
        !good && said.contains("401") && said.contains("--ops-token-file"),
        "{said}"
    );
    let (good, said) = ends("ledger", &asks, Some("another-token-altogether")).await;
    assert!(
        !good && !said.contains("another-token-altogether"),
        "{said}"
    );
    let (good, said) = ends("ledger", &asks, Some(TOKEN)).await;
    assert!(good && said.contains("grpc_clickhouse_event_q"), "{said}");
    let with_file = [&asks[..], &["--ops-token-file", &file]].concat();
    let (good, said) = ends("ledger", &with_file, None).await;
    assert!(good && said.contains("grpc_clickhouse_event_q"), "{said}");
    server.stop_with_complaints().await;
}
