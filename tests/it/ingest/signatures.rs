//! Webhooks that prove where they come from, and the headers that they keep.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use event_grpc::broker::HeaderValue;
use event_grpc::contract::Pool;
use event_grpc::contract::headers::HTTP_HEADERS;
use event_grpc::ingest::Limits;
use event_grpc::ingest::sources::Off;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use super::server::{POOL, Server, until};
use crate::http::{Answer, request};

const BODY: &str = r#"{ "name": "a" }"#;

fn mac(secret: &str, body: &str) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.chain_update(body).finalize().into_bytes().to_vec()
}

fn base64(secret: &str, body: &str) -> String {
    BASE64.encode(mac(secret, body))
}

fn hex(secret: &str, body: &str) -> String {
    mac(secret, body)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

async fn post(server: &Server, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let url = format!("http://127.0.0.1:{}{path}", server.http);
    request(Method::POST, &url, headers, body.to_owned()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_signed_requests_are_taken() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let hub = format!("sha256={}", hex("hub", BODY));
    for (path, header, signature) in [
        ("/shop/", "X-Shop-Hmac", base64("new", BODY)),
        ("/shop/", "x-shop-hmac", base64("old", BODY)),
        ("/hub/", "X-Hub-Signature", hub),
        ("/bearer/", "Authorization", "Bearer t0ken".to_owned()),
        (
            "/basic/",
            "Authorization",
            format!("Basic {}", BASE64.encode("user:pass")),
        ),
    ] {
        let answer = post(&server, path, &[(header, &signature)], BODY).await;
        assert_eq!(answer.status, 200, "{path} {answer:?}");
    }
    assert_eq!(server.count("hooks_q"), 5);
    for seen in server.seen.lock().unwrap().iter() {
        let kept = format!("{:?}", seen.delivery.properties.headers);
        for secret in ["hmac", "signature", "authorization"] {
            assert!(!kept.contains(secret), "{kept}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_sign_is_told_nothing() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let good = base64("new", BODY);
    let mut told = Vec::new();
    for (path, headers, body) in [
        ("/shop/", vec![], BODY),
        ("/shop/", vec![("x-shop-hmac", "")], BODY),
        ("/shop/", vec![("x-shop-hmac", "not base64")], BODY),
        (
            "/shop/",
            vec![("x-shop-hmac", base64("older", BODY).as_str())],
            BODY,
        ),
        // Another body, and one that differs in a space only.
        (
            "/shop/",
            vec![("x-shop-hmac", good.as_str())],
            r#"{ "name": "b" }"#,
        ),
        (
            "/shop/",
            vec![("x-shop-hmac", good.as_str())],
            r#"{"name": "a" }"#,
        ),
        (
            "/shop/",
            vec![
                ("x-shop-hmac", good.as_str()),
                ("x-shop-hmac", good.as_str()),
            ],
            BODY,
        ),
        (
            "/hub/",
            vec![("x-hub-signature", hex("hub", BODY).as_str())],
            BODY,
        ),
        ("/bearer/", vec![("authorization", "Bearer token")], BODY),
        ("/bearer/", vec![], BODY),
        ("/basic/", vec![("authorization", "Basic t0ken")], BODY),
        // Errors in the body aren't even looked at.
        ("/shop/", vec![], "{"),
        ("/shop/", vec![("x-shop-hmac", good.as_str())], "{"),
    ] {
        let answer = post(&server, path, &headers, body).await;
        assert_eq!(answer.status, 401, "{path} {headers:?} {answer:?}");
        told.push(answer.text);
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    let challenge = |answer: Answer| answer.headers.get("www-authenticate").cloned();
    let bearer = challenge(post(&server, "/bearer/", &[], BODY).await);
    assert_eq!(bearer.as_deref(), Some("Bearer"));
    assert_eq!(challenge(post(&server, "/shop/", &[], BODY).await), None);
    assert_eq!(server.count("hooks_q"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_requests_are_checked_like_others() {
    let pool = Pool {
        max_request: 1000,
        ..POOL
    };
    let server = Server::start(Limits::embedded(), pool).await;
    let big = format!(r#"{{"name": "{}"}}"#, "a".repeat(2000));
    for (body, code) in [
        ("{", 400),
        ("[]", 400),
        ("{}", 400),
        (big.as_str(), 413),
        (BODY, 200),
    ] {
        let signature = base64("new", body);
        let answer = post(&server, "/shop/", &[("x-shop-hmac", &signature)], body).await;
        assert_eq!(answer.status, code, "{answer:?}");
    }
    let signature = base64("new", BODY);
    let headers = [
        ("x-shop-hmac", signature.as_str()),
        ("content-type", "text/plain"),
    ];
    assert_eq!(post(&server, "/shop/", &headers, BODY).await.status, 415);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_take_no_places_in_the_pool() {
    let pool = Pool {
        bytes: 3 << 10,
        ..POOL
    };
    let server = Server::start(Limits::embedded(), pool).await;
    server.acknowledge(false);
    let signature = base64("new", BODY);
    let signed = [("x-shop-hmac", signature.as_str())];
    let (first, ()) = tokio::join!(post(&server, "/shop/", &signed, BODY), async {
        until(|| server.count("hooks_q") == 1).await;
        let wrong = base64("wrong", BODY);
        let wrong = [("x-shop-hmac", wrong.as_str())];
        assert_eq!(post(&server, "/shop/", &wrong, BODY).await.status, 401);
        assert_eq!(post(&server, "/shop/", &signed, BODY).await.status, 429);
        server.acknowledge(true);
    });
    assert_eq!(first.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_without_its_secret_is_off() {
    let server = Server::start(Limits::embedded(), POOL).await;
    for headers in [
        vec![],
        vec![("authorization", "Bearer ")],
        vec![("authorization", "Bearer x")],
    ] {
        let answer = post(&server, "/off/", &headers, BODY).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(!answer.text.contains("UNSET_SECRET"), "{answer:?}");
    }
    let off = Off {
        source: "off",
        variable: "UNSET_SECRET",
    };
    let off_path = Off {
        source: "off_path",
        variable: "UNSET_SECRET",
    };
    assert_eq!(server.off, [off, off_path]);
    assert_eq!(server.count("hooks_q"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_are_kept_as_one_and_can_name_the_event() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let headers = [
        ("X-Event", "a.b"),
        ("CC", "other_q"),
        ("x-retry-count", "1"),
        ("x-http-headers", "{}"),
        ("cookie", "c=1"),
        ("authorization", "Bearer mine"),
        ("via", "one"),
        ("via", "two"),
    ];
    assert_eq!(post(&server, "/kept/", &headers, BODY).await.status, 200);
    assert_eq!(post(&server, "/kept/", &[], BODY).await.status, 200);
    let seen = server.seen.lock().unwrap();
    assert_eq!(seen[0].delivery.routing_key, "a_b");
    assert_eq!(seen[1].delivery.routing_key, "NO_EVENT_NAME");
    let [(name, HeaderValue::Text(kept))] = &seen[0].delivery.properties.headers[..] else {
        panic!("{:?}", seen[0].delivery.properties.headers)
    };
    assert_eq!(name, HTTP_HEADERS);
    let mut kept: Value = serde_json::from_str(kept).unwrap();
    for own in ["host", "content-length"] {
        kept.as_object_mut().unwrap().remove(own);
    }
    let expected = json!({
        "x-event": "a.b", "cc": "other_q", "x-retry-count": "1", "x-http-headers": "{}", "via": ["one", "two"],
    });
    assert_eq!(kept, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_headers_than_are_kept_are_refused() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let long = "a".repeat(17 << 10);
    let headers = [("x-long", long.as_str())];
    assert_eq!(post(&server, "/kept/", &headers, BODY).await.status, 431);
    assert_eq!(post(&server, "/hook/", &headers, BODY).await.status, 200);
}
