//! Ids of other services' messages, as an HTTP API sees them: in its idempotency key.

use bytes::Bytes;
use event_grpc::broker::{HeaderValue, Outgoing, Properties, Settled};
use event_grpc::contract::IdFrom;
use event_grpc::contract::headers as h;
use serde_json::{Value, json};

use super::server::{Server, status};
use super::support::{Options, Running, run};

/// A message without an id, with this header.
fn sent(header: Option<&str>, body: &Value) -> Outgoing {
    let text = |text: &str| ("X-Event-Id".into(), HeaderValue::Text(text.to_owned()));
    let properties = Properties {
        headers: header.map(text).into_iter().collect(),
        ..Properties::default()
    };
    Outgoing::new("in.dx", "in", Bytes::from(body.to_string())).with(properties)
}

/// The keys that a message arrives under, by the order of its objects.
async fn keys(server: &Server, running: &Running, message: Outgoing) -> Vec<String> {
    let before = server.seen().len();
    running.settled(message).await;
    let seen = server.seen();
    let new = seen.iter().skip(before);
    new.map(|seen| seen.headers["idempotency-key"].clone())
        .collect()
}

async fn running(id: IdFrom) -> (Server, Running) {
    let server = Server::start().await;
    let options = Options {
        id,
        ..Options::default()
    };
    let running = run(&server.url("/"), options);
    (server, running)
}

#[tokio::test]
async fn a_header_tells_messages_apart_and_the_place_the_objects_of_a_list() {
    let (server, running) = running(IdFrom::Header("x-event-id")).await;
    let list = json!([{"n": 1}, {"n": 1}]);
    let send = async |header: Option<&str>, body: &Value| {
        keys(&server, &running, sent(header, body)).await
    };
    let first = send(Some("a"), &list).await;
    assert_ne!(first[0], first[1]);
    assert_eq!(send(Some("a"), &list).await, first);
    let other = send(Some("b"), &list).await;
    assert!(other.iter().all(|key| !first.contains(key)), "{other:?}");
    // The same header over another body is another message.
    assert_ne!(
        send(Some("a"), &json!({"n": 1})).await,
        send(Some("a"), &json!({"n": 2})).await
    );
    // Without the header it is as where nothing is said: equal bodies are one message.
    let without = send(None, &json!({"n": 1})).await;
    assert_eq!(send(None, &json!({"n": 1})).await, without);
}

#[tokio::test]
async fn fields_tell_objects_apart_wherever_they_are() {
    let (server, running) = running(IdFrom::Fields(&[&["n"]])).await;
    let send = async |body: &Value| keys(&server, &running, sent(None, body)).await;
    let list = send(&json!([{"n": 1}, {"n": 2}])).await;
    assert_ne!(list[0], list[1]);
    assert_eq!(send(&json!([{"n": 2}])).await, list[1..]);
    assert_eq!(send(&json!({"n": 2})).await, list[1..]);
    assert_ne!(send(&json!({"n": 2, "more": true})).await, list[1..]);
}

#[tokio::test]
async fn an_object_that_is_sent_again_out_of_its_list_keeps_its_id() {
    let (server, running) = running(IdFrom::Header("x-event-id")).await;
    server.answer(|seen| (seen.body["n"] == 2).then(|| status(400)));
    let message = sent(Some("a"), &json!([{"n": 1}, {"n": 2}, {"n": 3}]));
    let publishing = running.publish(message);
    let seen = server.has_seen(3).await;
    let keys_of = |seen: &super::server::Seen| seen.headers["idempotency-key"].clone();
    let first: Vec<String> = seen.iter().map(keys_of).collect();
    let letter = running.dead.next().await.unwrap();
    assert_eq!(&letter.body[..], br#"{"n":2}"#);
    let own = match letter.properties.header(h::DEAD_MESSAGE_ID) {
        Some(HeaderValue::Text(own)) => own.clone(),
        _ => String::new(),
    };
    assert_eq!(own, first[1]);
    // As a replay sends it: under its own id, with the headers that its dead letter kept.
    let kept = letter.properties.headers.iter();
    let kept = kept.filter(|(name, _)| !h::is_internal(name)).cloned();
    let properties = Properties {
        message_id: Some(own),
        headers: kept.collect(),
        ..Properties::default()
    };
    let again = Outgoing::to_queue("api_q", letter.body.clone()).with(properties);
    assert_eq!(letter.ack.ack().await, Settled::Done);
    publishing.await.unwrap();
    server.answer(|_| None);
    assert_eq!(keys(&server, &running, again).await, first[1..2]);
}
