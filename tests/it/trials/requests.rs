//! Small requests that become large: headers, events that are refused or unknown, answers.

use std::time::Duration;

use event_grpc::broker::HeaderValue;
use event_grpc::contract::{Pool, headers};
use event_grpc::ingest::Limits;
use event_grpc::ingest::response::{RejectCode, Response};
use prost::Message;
use serde_json::{Value, json};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

use crate::ingest::server::{POOL, Raw, Server};
use crate::scan::fixture::{EventBatch, Header};
use crate::scan::soup::delimited;

/// Room for requests of 4 MiB, as sources have it by default.
const ROOMY: Pool = Pool {
    max_request: 4 << 20,
    timeout_ms: 5_000,
    ..POOL
};

/// A request whose header holds a text of this length.
fn with_header(len: usize) -> Vec<u8> {
    let header = Header {
        session: "s".repeat(len),
        ..Default::default()
    };
    let mut body = Vec::new();
    delimited(&mut body, 4, &header.encode_to_vec());
    body
}

/// An event with this id and one variant, empty, with this number.
fn event(id: &str, number: u32) -> Vec<u8> {
    let mut event = Vec::new();
    if !id.is_empty() {
        delimited(&mut event, 4, id.as_bytes());
    }
    delimited(&mut event, number, b"");
    event
}

/// The number of a type that the fixture knows.
const KNOWN: u32 = 11;

/// What the server says of a request.
async fn send(body: Vec<u8>) -> (Server, Result<Response, Status>) {
    let server = Server::start(Limits::embedded(), ROOMY).await;
    let answer = server.call(body).await;
    (server, answer)
}

/// The letters that the server has published, each with its class, its type and how many events it holds.
fn letters(server: &Server) -> Vec<(String, String, usize)> {
    let seen = server.seen.lock().unwrap();
    let letters = seen.iter().filter(|seen| seen.queue == "rejects_q");
    let letters = letters.map(|seen| {
        let text = |name| match seen.delivery.properties.header(name) {
            Some(HeaderValue::Text(text)) => text.clone(),
            other => panic!("{name}: {other:?}"),
        };
        let request = Raw::fields(&seen.delivery.body).remove(0).1;
        let events = Raw::fields(&request)
            .iter()
            .filter(|field| field.0 == 5)
            .count();
        (
            text(headers::DEAD_CLASS),
            text(headers::DEAD_EVENT_TYPE),
            events,
        )
    });
    letters.collect()
}

fn says(status: &Status, code: Code, texts: &[&str]) {
    assert_eq!(status.code(), code, "{status:?}");
    for text in texts {
        assert!(status.message().contains(text), "{text}: {status:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_each_event_would_repeat_is_refused_for_its_size() {
    let mut large = with_header(131_072);
    // The same in many occurrences, which are one header.
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
    // Of a type that a later build may know it would become the same.
    for number in [KNOWN, 99] {
        let status = server.call(of(50_000, number)).await.unwrap_err();
        let limit = "at most 134217728";
        says(
            &status,
            Code::OutOfRange,
            &["become", limit, "50000 events", "64516 bytes"],
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
async fn a_json_text_is_refused_for_the_tree_that_it_becomes() {
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
    assert_eq!(code, 413);
    for text in ["600002 objects", "at most 134217728"] {
        assert!(answer.contains(text), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_events_of_a_type_are_one_letter_under_one_header() {
    let mut body = with_header(2_000);
    for _ in 0..13_000 {
        delimited(&mut body, 5, &event("", 99));
    }
    let len = body.len();
    let (server, answer) = send(body).await;
    let answer = answer.unwrap();
    assert_eq!((answer.status.as_str(), answer.accepted), ("SUCCESS", 0));
    assert_eq!(
        (answer.rejected.len(), answer.rejected_count),
        (1_000, 13_000)
    );
    assert!(answer.message.contains("12997 more"), "{}", answer.message);
    assert!(answer.rejected.iter().all(|event| !event.retryable));
    assert_eq!(
        letters(&server),
        [("unknown_type".into(), "99".into(), 13_000)]
    );
    let seen = server.seen.lock().unwrap();
    let body = &seen[0].delivery.body;
    // The header once, and an id for each event, with which a later build will replay it.
    assert!(body.len() < len + 13_000 * 50, "{}", body.len());
    let batch = EventBatch::decode(body.clone()).unwrap();
    assert!(
        batch.batches[0]
            .events
            .iter()
            .all(|event| event.id.len() == 36)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_of_unknown_events_are_divided_where_they_are_large() {
    let mut body = with_header(10);
    let mut unknown = Vec::new();
    delimited(&mut unknown, 99, &[0; 300_000]);
    for _ in 0..8 {
        delimited(&mut body, 5, &unknown);
    }
    let (server, answer) = send(body).await;
    assert_eq!(answer.unwrap().rejected_count, 8);
    let counts: Vec<usize> = letters(&server).iter().map(|letter| letter.2).collect();
    assert_eq!(counts, [3, 3, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_many_unknown_types_is_kept_in_part() {
    let of = |count: u32| {
        let mut body = with_header(60_000);
        for number in 0..count {
            delimited(&mut body, 5, &event("i", 100 + number));
        }
        body
    };
    let (server, answer) = send(of(100)).await;
    let answer = answer.unwrap();
    assert_eq!(answer.rejected_count, 100);
    let again = answer.rejected.iter().filter(|event| event.retryable);
    // The sender is told which to send again.
    let again: Vec<i32> = again.map(|event| event.index).collect();
    assert_eq!(again, (16..100).collect::<Vec<i32>>());
    assert_eq!(letters(&server).len(), 16);
    assert!(
        answer
            .rejected
            .iter()
            .all(|event| event.code() == RejectCode::UnknownType)
    );
    // Of more than can be listed it has to repeat all; good events that travel with them are stored once.
    let mut body = of(1_100);
    delimited(&mut body, 5, &event("good", KNOWN));
    let status = server.call(body).await.unwrap_err();
    says(
        &status,
        Code::ResourceExhausted,
        &["(1084 of them)", "repeat the whole request"],
    );
    assert!(!status.details().is_empty(), "it says when");
    assert_eq!(letters(&server).len(), 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_events_are_ten_letters_at_most() {
    let mut body = with_header(60_000);
    for _ in 0..1_500 {
        delimited(&mut body, 5, b"");
    }
    let (server, answer) = send(body).await;
    says(
        &answer.unwrap_err(),
        Code::InvalidArgument,
        &["event 0: it has no type", "1497 more"],
    );
    assert_eq!(
        letters(&server),
        vec![("no_type".into(), String::new(), 1); 10]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_lists_a_thousand_events_and_counts_all() {
    let mut body = with_header(10);
    for _ in 0..49_999 {
        delimited(&mut body, 5, b"");
    }
    delimited(&mut body, 5, &event("good", KNOWN));
    let (server, answer) = send(body).await;
    let answer = answer.unwrap();
    assert_eq!((answer.accepted, answer.rejected.len()), (1, 1_000));
    assert_eq!(answer.rejected_count, 49_999);
    assert!(answer.message.contains("49996 more"), "{}", answer.message);
    assert!(answer.encoded_len() < 200_000, "{}", answer.encoded_len());
    let events = vec![json!({}); 1_100];
    let body = json!({ "header": {}, "events": events }).to_string();
    let (code, _, answer) = server
        .http(
            "POST",
            "/event/dispatch",
            "application/json",
            body.as_bytes(),
        )
        .await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((code, &answer["rejectedCount"]), (400, &json!(1_100)));
    assert_eq!(answer["rejected"].as_array().unwrap().len(), 1_000);
}

/// A request whose answer is long: each of its events has a long id and is refused.
fn long_answer() -> Vec<u8> {
    let mut body = with_header(10);
    for _ in 0..1_001 {
        let mut event = Vec::new();
        delimited(&mut event, 4, "i".repeat(200).as_bytes());
        delimited(&mut body, 5, &event);
    }
    delimited(&mut body, 5, &event("good", KNOWN));
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads_make_the_others_short_and_stop_nobody() {
    let pool = Pool {
        bytes: 4 << 20,
        ..POOL
    };
    let server = Server::start(Limits::embedded(), pool).await;
    let listed = async || {
        let answer = server.call(long_answer()).await.unwrap();
        assert_eq!((answer.accepted, answer.rejected_count), (1, 1_001));
        answer.rejected.len()
    };
    assert_eq!(listed().await, 1_000);
    // A connection whose window is too small for any of its answers.
    let narrow = Endpoint::from_shared(format!("http://127.0.0.1:{}", server.grpc))
        .unwrap()
        .initial_stream_window_size(1_000)
        .connect_lazy();
    let mut unread = Vec::new();
    for _ in 0..20 {
        unread.push(unread_answer(narrow.clone()).await);
    }
    assert_eq!(listed().await, 3, "there is no room for another list");
    drop(unread);
    drop(narrow);
    let mut left = 100;
    while listed().await != 1_000 {
        left -= 1;
        assert!(left > 0, "what is not read any more is given back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The head of an answer, whose body is not read.
async fn unread_answer(channel: Channel) -> tonic::Response<tonic::Streaming<Response>> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/test.Service/dispatch");
    let codec = tonic_prost::ProstCodec::<Raw, Response>::default();
    let request = tonic::Request::new(Raw(long_answer()));
    client.server_streaming(request, path, codec).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_events_beyond_the_rate_are_to_be_sent_again() {
    let server = Server::start(Limits::embedded(), ROOMY).await;
    let mut unknown = Vec::new();
    delimited(&mut unknown, 99, &vec![0; 4_000_000]);
    let mut body = with_header(10);
    delimited(&mut body, 5, &unknown);
    // 16 MiB are kept at once, and 4 MiB a second.
    let mut kept = 0;
    for _ in 0..20 {
        let refused = loop {
            match server.call(body.clone()).await {
                Ok(answer) => assert!(!answer.rejected[0].retryable),
                Err(status) => break status,
            }
            kept += 1;
            assert!(kept < 50, "there is no end");
        };
        assert!(kept >= 4, "{kept}");
        says(
            &refused,
            Code::ResourceExhausted,
            &["(1 of them)", "repeat the whole request"],
        );
        assert!(!refused.details().is_empty(), "it says when");
        assert_eq!(letters(&server).len(), kept);
        // What travels with them is taken.
        let mut both = with_header(10);
        delimited(&mut both, 5, &event("a", 99));
        delimited(&mut both, 5, &event("b", KNOWN));
        let answer = server.call(both).await.unwrap();
        assert_eq!((answer.accepted, answer.rejected.len()), (1, 1));
        if answer.rejected[0].retryable {
            return;
        }
        // There was room again, in the meantime.
        kept += 1;
    }
    panic!("the small one is kept each time");
}
