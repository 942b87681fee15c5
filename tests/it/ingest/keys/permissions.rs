//! Permissions: pages, URLs, and types of events.

use event_grpc::broker::HeaderValue;
use event_grpc::contract::headers;
use event_grpc::ingest::response::RejectCode;
use http::Method;
use prost::Message as _;

use super::{Guarded, client, json};
use crate::ingest::server::until;
use crate::ingest::{event, header};
use crate::scan::fixture::{Empty, EventBatch, EventOf, Events, Tree};
use crate::scan::soup::delimited;

const PATH: &str = "/event/dispatch";

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_good_for_the_pages_that_it_is_for() {
    let anywhere = client("anywhere", "use: public");
    let pages = client(
        "pages",
        "use: public\norigins: [\"https://shop.example\", \"http://localhost:3000\"]",
    );
    let secret = client("secret", "");
    let guarded = Guarded::start(&[&anywhere, &pages, &secret]).await;
    for (key, origin, status) in [
        (&anywhere.key, None, 200),
        (&anywhere.key, Some("https://evil.example"), 200),
        (&pages.key, Some("https://shop.example"), 200),
        (&pages.key, Some("http://localhost:3000"), 200),
        (&pages.key, Some("https://shop.example.evil.example"), 403),
        (&pages.key, Some("http://shop.example"), 403),
        (&pages.key, Some("null"), 403),
        (&pages.key, None, 403),
        (&secret.key, None, 200),
        (&secret.key, Some("https://shop.example"), 403),
    ] {
        let mut headers = vec![("x-api-key", key.as_str())];
        headers.extend(origin.map(|origin| ("origin", origin)));
        let answer = guarded.http(PATH, &headers).await;
        assert_eq!(answer.status, status, "{origin:?} {answer:?}");
        assert!(status == 200 || answer.text.contains("page"), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_public_keys_may_stand_in_a_url() {
    let (public, secret) = (client("public", "use: public"), client("secret", ""));
    let guarded = Guarded::start(&[&public, &secret]).await;
    let with = |key: &str| format!("{PATH}?a=b&key={key}");
    assert_eq!(guarded.http(&with(&public.key), &[]).await.status, 200);
    let answer = guarded.http(&with(&secret.key), &[]).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(answer.text.contains("revoke"), "{answer:?}");
    assert_eq!(guarded.http(&with("x"), &[]).await.status, 401);
    let url = format!(
        "http://127.0.0.1:{}{}",
        guarded.server.http,
        with(&public.key)
    );
    let answer = crate::http::request(Method::GET, &url, &[], "").await;
    assert_eq!(answer.status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_a_type_that_its_client_may_not_send_costs_itself_alone() {
    let shop = client("shop", "types: [Empty]");
    let guarded = Guarded::start(&[&shop]).await;
    let mut body = Events {
        header: Some(header()),
        events: vec![
            event("a", EventOf::Empty(Empty {})),
            event("b", EventOf::Tree(Tree::default())),
        ],
    }
    .encode_to_vec();
    // A type that no build knows yet would be kept, and replayed by one that does.
    let mut unknown = Vec::new();
    delimited(&mut unknown, 99, b"who knows");
    delimited(&mut body, 5, &unknown);
    let response = guarded
        .grpc_with(&[("x-api-key", &shop.key)], body)
        .await
        .unwrap();
    assert_eq!((response.accepted, response.rejected_count), (1, 2));
    for (rejected, index) in response.rejected.iter().zip(1..) {
        assert_eq!(
            (rejected.index, rejected.code()),
            (index, RejectCode::NotAllowed)
        );
        assert!(
            rejected.reason.contains("not allowed") && !rejected.retryable,
            "{rejected:?}"
        );
    }
    until(|| guarded.server.count("rejects_q") == 2).await;
    let seen = guarded.server.seen.lock().unwrap();
    let letters: Vec<_> = seen
        .iter()
        .filter(|seen| seen.queue == "rejects_q")
        .collect();
    for letter in letters {
        let class = letter.delivery.properties.header(headers::DEAD_CLASS);
        assert_eq!(class, Some(&HeaderValue::Text("not_allowed".into())));
        let batch = EventBatch::decode(letter.delivery.body.clone()).unwrap();
        assert_eq!(batch.batches[0].events.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_event_of_a_request_may_be_sent() {
    let shop = client("shop", "types: [Tree]");
    let guarded = Guarded::start(&[&shop]).await;
    let answer = guarded
        .http_with(PATH, &[("x-api-key", &shop.key)], &json(2))
        .await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(
        answer.text.contains("REJECT_CODE_NOT_ALLOWED"),
        "{answer:?}"
    );
    let unknown = r#"{"header":{},"events":[{"whatever":{}}]}"#;
    let answer = guarded
        .http_with(PATH, &[("x-api-key", &shop.key)], unknown)
        .await;
    assert!(
        answer.text.contains("REJECT_CODE_NOT_ALLOWED"),
        "{answer:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_a_retired_type_that_is_discarded_needs_no_permission() {
    let shop = client("shop", "types: [Empty]");
    let guarded = Guarded::start(&[&shop]).await;
    let mut body = Events {
        header: Some(header()),
        events: vec![event("a", EventOf::Empty(Empty {}))],
    }
    .encode_to_vec();
    let mut gone = Vec::new();
    delimited(&mut gone, 7777, b"");
    delimited(&mut body, 5, &gone);
    let response = guarded
        .grpc_with(&[("x-api-key", &shop.key)], body)
        .await
        .unwrap();
    assert_eq!((response.accepted, response.rejected_count), (2, 0));
    assert_eq!(
        response.warnings,
        ["an event of the retired type `Gone` is not stored"]
    );
    let json = r#"{"header":{},"events":[{"gone":{}},{"whatever":{}}]}"#;
    let answer = guarded
        .http_with(PATH, &[("x-api-key", &shop.key)], json)
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.text.contains("NOT_ALLOWED"), "{answer:?}");
    until(|| guarded.server.count("rejects_q") == 1).await;
}
