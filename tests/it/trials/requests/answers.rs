//! Answers: how much they list, and those that nobody reads.

use std::time::Duration;

use event_grpc::contract::Pool;
use event_grpc::ingest::Limits;
use event_grpc::ingest::response::Response;
use prost::Message;
use serde_json::{Value, json};
use tonic::transport::{Channel, Endpoint};

use super::{KNOWN, event, send, with_header};
use crate::ingest::server::{POOL, Raw, Server};
use crate::scan::soup::delimited;

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
