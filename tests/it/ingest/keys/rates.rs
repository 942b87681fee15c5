//! Rates: of events and bytes, by client.

use tonic::Code;

use super::{Guarded, client, json};
use crate::ingest::request;

const PATH: &str = "/event/dispatch";

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_too_many_events_waits_and_nobody_else_does() {
    let (slow, fast) = (
        client("slow", "rate: { events: 1, events_at_once: 10 }"),
        client("fast", ""),
    );
    let guarded = Guarded::start(&[&slow, &fast]).await;
    let key = [("x-api-key", slow.key.as_str())];
    // More than there is at once is taken, and paid for later.
    let answer = guarded.http_with(PATH, &key, &json(30)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = guarded.http_with(PATH, &key, &json(1)).await;
    assert_eq!(answer.status, 429, "{answer:?}");
    assert!(
        answer
            .text
            .contains("client slow is over its rate of 1 events"),
        "{answer:?}"
    );
    let wait: u64 = answer.headers["retry-after"].parse().unwrap();
    assert!((10..=20).contains(&wait), "{wait}");
    let refused = guarded.grpc_with(&key, request(1)).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    let details = String::from_utf8_lossy(refused.details()).into_owned();
    assert!(details.contains("google.rpc.RetryInfo"), "{details}");
    let wait = refused.metadata().get("retry-after").unwrap();
    let wait: u64 = wait.to_str().unwrap().parse().unwrap();
    assert!((10..=20).contains(&wait), "{wait}");
    let answer = guarded.http(PATH, &[("x-api-key", &fast.key)]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    // Reading the file again gives nobody more at once.
    let text = std::fs::read_to_string(&guarded.file).unwrap();
    std::fs::write(&guarded.file, format!("# again\n{text}")).unwrap();
    guarded.access.look();
    assert_eq!(guarded.http(PATH, &key).await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_count_before_they_are_read_where_they_are_announced() {
    let shop = client("shop", "rate: { bytes: 100, bytes_at_once: 10000 }");
    let guarded = Guarded::start(&[&shop]).await;
    let key = [("x-api-key", shop.key.as_str())];
    let body = json(300);
    assert!(body.len() > 10_000);
    assert_eq!(guarded.http_with(PATH, &key, &body).await.status, 200);
    let answer = guarded.http_with(PATH, &key, "not even JSON").await;
    assert_eq!(answer.status, 429, "{answer:?}");
    assert!(answer.text.contains("bytes"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_not_announced_count_when_they_have_come() {
    let shop = client("shop", "rate: { bytes: 100, bytes_at_once: 1000 }");
    let guarded = Guarded::start(&[&shop]).await;
    let key = [("x-api-key", shop.key.as_str())];
    // Whatever it weighs packed.
    assert_eq!(
        guarded
            .grpc_with(&key, request(200))
            .await
            .unwrap()
            .accepted,
        200
    );
    let refused = guarded.grpc_with(&key, request(1)).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
}
