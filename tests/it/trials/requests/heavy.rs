//! Requests that would become too much are refused, with the limit and the figure.

use event_grpc::ingest::Limits;
use serde_json::{Value, json};
use tonic::Code;

use super::{KNOWN, ROOMY, event, says, send, with_header};
use crate::ingest::server::{Raw, Server};
use crate::scan::soup::delimited;

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_each_event_would_repeat_is_refused_for_its_size() {
    let mut large = with_header(131_072);
    // The same header in many occurrences.
    let mut many = Vec::new();
    for _ in 0..40 {
        many.extend(with_header(4_000));
    }
    for body in [&mut large, &mut many] {
        for _ in 0..40_000 {
            delimited(body, 5, &event("an id of its own", KNOWN));
        }
    }
    let server = Server::start(Limits::embedded(), ROOMY).await;
    for (body, size) in [(large, "131076"), (many, "160120")] {
        let status = server.call(body).await.unwrap_err();
        says(
            &status,
            Code::OutOfRange,
            &["header has", size, "at most 65536"],
        );
        // google.rpc.ErrorInfo, for programs.
        let details = Raw::fields(status.details());
        let any = Raw::fields(&details.last().unwrap().1);
        assert_eq!(any[0].1, b"type.googleapis.com/google.rpc.ErrorInfo");
    }
    let events = [json!({ "id": "a", "empty": {} })];
    let body = json!({ "header": { "session": "s".repeat(70_000) }, "events": events }).to_string();
    let (code, _, answer) = server
        .http(
            "POST",
            "/event/dispatch",
            "application/json",
            body.as_bytes(),
        )
        .await;
    assert_eq!(code, 413);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert!(
        answer["message"]
            .as_str()
            .unwrap()
            .contains("at most 65536"),
        "{answer}"
    );
    assert!(
        server.seen.lock().unwrap().is_empty(),
        "nothing is published"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_refused_for_what_it_would_become_and_told_what_would_do() {
    let of = |count, number| {
        let mut body = with_header(63 << 10);
        for _ in 0..count {
            delimited(&mut body, 5, &event("i", number));
        }
        body
    };
    let server = Server::start(Limits::embedded(), ROOMY).await;
    // An event of a type that a later build may know counts the same.
    for number in [KNOWN, 99] {
        let status = server.call(of(50_000, number)).await.unwrap_err();
        let limit = "at most 134217728";
        says(
            &status,
            Code::OutOfRange,
            &["would take", limit, "50000 events", "64516 bytes"],
        );
        let (_, most) = status.message().split_once("send at most ").unwrap();
        let most: usize = most.split(' ').next().unwrap().parse().unwrap();
        assert!(
            server.seen.lock().unwrap().is_empty(),
            "nothing is published"
        );
        if number == KNOWN {
            assert_eq!(
                server.call(of(most, number)).await.unwrap().accepted,
                most as i32
            );
            let status = server.call(of(most + 1, number)).await.unwrap_err();
            says(&status, Code::OutOfRange, &[]);
            server.seen.lock().unwrap().clear();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_thousand_events_are_still_a_request() {
    let mut body = with_header(300);
    for number in 0..50_000 {
        delimited(&mut body, 5, &event(&format!("id {number}"), KNOWN));
    }
    let (_, answer) = send(body).await;
    assert_eq!(answer.unwrap().accepted, 50_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_json_text_has_as_many_events_as_any_request() {
    let server = Server::start(Limits::embedded(), ROOMY).await;
    let events = vec!["{}"; 600_000].join(",");
    let body = format!(r#"{{"header":{{}},"events":[{events}]}}"#);
    let (code, _, answer) = server
        .http(
            "POST",
            "/event/dispatch",
            "application/json",
            body.as_bytes(),
        )
        .await;
    assert_eq!(code, 400);
    assert!(answer.contains("more than 50000 events"), "{answer}");
}
