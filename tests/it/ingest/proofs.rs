//! Secrets in paths, signed times, and what is sent again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use event_grpc::broker::HeaderValue;
use event_grpc::contract::Signature;
use event_grpc::contract::headers::HTTP_HEADERS;
use event_grpc::ingest::Limits;
use event_grpc::traffic::proof::signed;
use http::Method;

use super::pipeline::{OLD_PATH_SECRET, PATH_SECRET, SIGNING_SECRET, SLACK, STANDARD, STRIPE};
use super::server::{POOL, Server};
use crate::http::{Answer, request};

const BODY: &str = r#"{"name":"a"}"#;

async fn post(server: &Server, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let url = format!("http://127.0.0.1:{}{path}", server.http);
    request(Method::POST, &url, headers, body.to_owned()).await
}

fn seconds() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_secs()
}

/// Posts a body that is signed at this time.
async fn signing(
    server: &Server,
    (path, signature): (&str, Signature),
    time: u64,
    body: &str,
) -> Answer {
    let headers = signed(
        &signature,
        SIGNING_SECRET,
        &time.to_string(),
        body.as_bytes(),
    );
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    post(server, path, &headers, body).await
}

/// Ids of the messages that arrived.
fn ids(server: &Server) -> Vec<String> {
    let seen = server.seen.lock().unwrap();
    let ids = seen
        .iter()
        .map(|s| s.delivery.properties.message_id.clone());
    ids.map(Option::unwrap_or_default).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_the_path_is_wanted_and_tells_nothing() {
    let server = Server::start(Limits::embedded(), POOL).await;
    for secret in [PATH_SECRET, OLD_PATH_SECRET] {
        for end in ["", "/"] {
            for path in ["/path/event", "/path/event/users"] {
                let path = format!("{path}/{secret}{end}");
                let answer = post(&server, &path, &[], BODY).await;
                assert_eq!(answer.status, 200, "{path} {answer:?}");
            }
        }
    }
    assert_eq!(server.count("hooks_q"), 8);
    let mut told = Vec::new();
    let cut = &PATH_SECRET[1..];
    for path in [
        "/path/event".to_owned(),
        "/path/event/".to_owned(),
        "/path/event/users".to_owned(),
        "/path/event/users/".to_owned(),
        "/path/event/wrong".to_owned(),
        format!("/path/event/{cut}"),
        format!("/path/event/{PATH_SECRET}x"),
        format!("/path/event/{}", PATH_SECRET.to_uppercase()),
        format!("/path/event/?secret={PATH_SECRET}"),
    ] {
        // What is wrong with a body isn't even looked at.
        for body in [BODY, "{"] {
            let answer = post(&server, &path, &[], body).await;
            assert_eq!(answer.status, 401, "{path} {answer:?}");
            told.push((answer.text, answer.headers.contains_key("www-authenticate")));
        }
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    let answer = post(
        &server,
        &format!("/path/event/{PATH_SECRET}/more"),
        &[],
        BODY,
    )
    .await;
    assert_eq!(answer.status, 404);
    for path in ["/off/path/", "/off/path/anything"] {
        assert_eq!(post(&server, path, &[], BODY).await.status, 503);
    }
    assert_eq!(server.count("hooks_q"), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opened_source_takes_all_with_and_without_a_secret() {
    let server = Server::start(Limits::embedded(), POOL).await;
    for path in ["/opened/", "/opened", "/opened/any-secret/"] {
        assert_eq!(post(&server, path, &[], BODY).await.status, 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_the_path_is_not_kept_with_the_headers() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let path = format!("/path/event/{PATH_SECRET}");
    let original = format!("https://shop.example{path}?a=b");
    let headers = [("x-original-uri", original.as_str()), ("x-kept", "kept")];
    assert_eq!(post(&server, &path, &headers, BODY).await.status, 200);
    let seen = server.seen.lock().unwrap();
    let properties = &seen[0].delivery.properties;
    let Some(HeaderValue::Text(kept)) = properties.header(HTTP_HEADERS) else {
        panic!("{:?}", properties.headers)
    };
    assert!(kept.contains("x-kept"), "{kept}");
    assert!(!format!("{:?}", seen[0].delivery.properties).contains(PATH_SECRET));
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_times_are_near() {
    let server = Server::start(Limits::embedded(), POOL).await;
    for sender in [
        ("/slack/", SLACK),
        ("/stripe/", STRIPE),
        ("/standard/", STANDARD),
    ] {
        let path = sender.0;
        assert_eq!(
            signing(&server, sender, seconds(), BODY).await.status,
            200,
            "{path}"
        );
        for time in [0, seconds() - 330, seconds() + 330] {
            let answer = signing(&server, sender, time, BODY).await;
            assert_eq!(answer.status, 401, "{path} {time}");
        }
    }
    assert_eq!(server.count("hooks_q"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_recorded_and_is_sent_again_is_the_same_message() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let now = seconds();
    for sender in [("/slack/", SLACK), ("/stripe/", STRIPE)] {
        let mut answers = Vec::new();
        for time in [now, now, now - 1] {
            answers.push(signing(&server, sender, time, BODY).await.text);
        }
        assert_eq!(answers[0], answers[1], "recorded");
        assert_ne!(answers[0], answers[2], "signed again by its sender");
    }
    let mut ids = ids(&server);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4, "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_comes_again_has_the_body_that_it_had() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let shop = async |id: &str, body: &str| {
        let mac = signed(
            &Signature::of_body("x-shop-hmac", event_grpc::contract::Encoding::Base64, ""),
            "new",
            "",
            body.as_bytes(),
        );
        let headers = [("x-shop-id", id), ("x-shop-hmac", mac[0].1.as_str())];
        post(&server, "/shop/", &headers, body).await
    };
    let (first, again) = (shop("1", BODY).await, shop("1", BODY).await);
    assert_eq!((first.status, again.status), (200, 200));
    assert_eq!(first.text, again.text);
    let other = r#"{"name":"b"}"#;
    let replayed = shop("1", other).await;
    assert_eq!(replayed.status, 409, "{replayed:?}");
    assert_eq!(shop("2", other).await.status, 200);
    assert_eq!(shop("2", BODY).await.status, 409);
    // A bad one of an honest sender binds nobody.
    assert_eq!(shop("3", "{").await.status, 400);
    assert_eq!(shop("3", BODY).await.status, 200);
    assert_eq!(server.count("hooks_q"), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_is_read_at_the_time_of_the_request() {
    let server = Server::start(Limits::embedded(), POOL).await;
    // At the edge of what is near, and past it a moment later.
    let time = seconds() - 298;
    assert_eq!(
        signing(&server, ("/slack/", SLACK), time, BODY)
            .await
            .status,
        200
    );
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let late = signing(&server, ("/slack/", SLACK), time, BODY).await;
    assert_eq!(late.status, 401);
}
