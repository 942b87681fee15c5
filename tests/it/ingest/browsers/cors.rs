//! CORS: preflights, answers, refusals, and what needs no preflight.

use std::time::Duration;

use event_grpc::broker::Broker as _;
use event_grpc::contract::Pool;
use event_grpc::ingest::Limits;
use event_grpc::listen::{self, Pace};
use http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::ingest::server::{POOL, until};

/// What a browser asks before a page sends JSON with a key.
async fn preflight(port: u16, path: &str, origin: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "authorization,content-type",
        ),
    ];
    let url = format!("http://127.0.0.1:{port}{path}");
    request(Method::OPTIONS, &url, &headers, "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_listed_origins_may_send() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let paths = [
        (server.http, EVENTS),
        (server.http, "/pages/dispatch/"),
        (server.http, METHOD),
        (server.http, HOOK),
        (server.grpc, METHOD),
    ];
    for (port, path) in paths {
        for origin in ["https://shop.example", "https://m.example.com"] {
            let answer = preflight(port, path, origin).await;
            assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{path}");
            let header = |name: &str| answer.headers.get(name).map_or("", String::as_str);
            assert_eq!(header("access-control-allow-origin"), origin);
            assert_eq!(header("access-control-allow-methods"), "POST");
            assert_eq!(header("access-control-max-age"), "600");
            assert_eq!(header("vary"), "origin");
            let allowed = header("access-control-allow-headers");
            for name in [
                "authorization",
                "content-type",
                "content-encoding",
                "x-api-key",
                "x-grpc-web",
                "x-user-agent",
                "grpc-timeout",
                "traceparent",
            ] {
                assert!(allowed.split(", ").any(|a| a == name), "{allowed}");
            }
            assert_eq!(of_cors(&answer).len(), 4, "{answer:?}");
        }
        for origin in [
            "https://evil.example",
            "http://shop.example",
            "https://shop.example:8443",
            "https://shop.example.evil.example",
            "https://example.com",
            "https://a.m.example.com",
            "null",
        ] {
            let answer = preflight(port, path, origin).await;
            assert_eq!(
                (answer.status, of_cors(&answer).len()),
                (204, 0),
                "{answer:?}"
            );
            assert_eq!(answer.headers["vary"], "origin");
        }
    }
    let answer = post(&server, EVENTS, &[SHOP, JSON], one_event()).await;
    assert_eq!((answer.status, accepted(&answer)), (200, json!(1)));
    assert_eq!(answer.headers["access-control-allow-origin"], SHOP.1);
    let exposed = &answer.headers["access-control-expose-headers"];
    assert!(exposed.contains("retry-after") && exposed.contains("grpc-status-details-bin"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_page_is_judged_like_anybody_and_cant_read_its_answer() {
    let server = Server::start(Limits::embedded(), POOL).await;
    for headers in [&[EVIL, JSON][..], &[JSON]] {
        let answer = post(&server, EVENTS, headers, one_event()).await;
        assert_eq!(
            (answer.status, of_cors(&answer).len()),
            (200, 0),
            "{answer:?}"
        );
    }
    assert_eq!(server.count("all_q"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_of_a_source_that_lists_no_origins() {
    let server = Server::start(Limits::embedded(), POOL).await;
    for (port, path) in [
        (server.http, "/event/dispatch"),
        (server.http, "/hook/"),
        (server.grpc, "/test.Service/dispatch"),
    ] {
        let answer = preflight(port, path, SHOP.1).await;
        assert_eq!(
            (answer.status, of_cors(&answer).len()),
            (204, 0),
            "{answer:?}"
        );
        assert_eq!(answer.headers.get("vary"), None);
        assert_eq!(answer.headers["allow"], "POST,OPTIONS");
    }
    let answer = post(&server, "/event/dispatch", &[SHOP, JSON], one_event()).await;
    assert_eq!(
        (answer.status, of_cors(&answer).len()),
        (200, 0),
        "{answer:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_lists_origins_of_its_own() {
    let server = Server::start(Limits::embedded(), POOL).await;
    // The variable of the source `named` has two.
    for origin in ["https://named.example", "http://localhost:3000"] {
        let answer = preflight(server.http, "/named/", origin).await;
        assert_eq!(answer.headers["access-control-allow-origin"], origin);
        assert_eq!(answer.headers["access-control-max-age"], "7200");
    }
    let answer = preflight(server.http, "/named/", SHOP.1).await;
    assert_eq!(of_cors(&answer).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_can_be_read_by_the_page_that_they_are_for() {
    let doors = listen::Limits {
        pace: Pace {
            window: Duration::from_millis(300),
            ..Pace::default()
        },
        ..listen::Limits::default()
    };
    let pool = Pool {
        bytes: 3 << 10,
        max_request: 2_000,
        ..POOL
    };
    let server = Server::start_behind(doors, Limits::embedded(), pool, |broker| broker).await;
    let readable = |answer: &Answer, status: u16| {
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.headers["access-control-allow-origin"], SHOP.1);
        let exposed = &answer.headers["access-control-expose-headers"];
        assert!(exposed.contains("retry-after"), "{exposed}");
        assert!(!answer.text.is_empty());
    };
    let bearer = ("authorization", "Bearer t0ken");
    for (path, headers, body, status) in [
        (EVENTS, vec![JSON], "{".to_owned(), 400),
        (HOOK, vec![JSON, bearer], "[]".to_owned(), 400),
        (HOOK, vec![JSON], "{}".to_owned(), 401),
        (EVENTS, vec![JSON], " ".repeat(3_000), 413),
        (
            EVENTS,
            vec![("content-type", "text/html")],
            "{}".to_owned(),
            415,
        ),
        (
            HOOK,
            vec![bearer, ("content-type", "text/html")],
            "{}".to_owned(),
            415,
        ),
        (
            EVENTS,
            vec![JSON, ("content-encoding", "lzma")],
            "{}".to_owned(),
            415,
        ),
    ] {
        let headers = [headers, vec![SHOP]].concat();
        readable(&post(&server, path, &headers, body).await, status);
    }
    let url = format!("http://127.0.0.1:{}{EVENTS}", server.http);
    let get = request(Method::GET, &url, &[SHOP], "").await;
    assert_eq!(
        (get.status, &get.headers["access-control-allow-origin"]),
        (405, &SHOP.1.to_owned())
    );
    // A body that comes too slowly.
    let mut slow = TcpStream::connect(("127.0.0.1", server.http))
        .await
        .unwrap();
    let head = format!(
        "POST {EVENTS} HTTP/1.1\r\nhost: a\r\norigin: {}\r\ncontent-length: 9\r\n\r\n",
        SHOP.1
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 2_000];
    let len = slow.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..len]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(
        answer.contains("access-control-allow-origin: https://shop.example"),
        "{answer}"
    );
    // A pool that is full, and a broker that is gone.
    server.acknowledge(false);
    let call = || post(&server, EVENTS, &[SHOP, JSON], one_event());
    let (first, second) = tokio::join!(call(), async {
        until(|| server.count("all_q") == 1).await;
        let answer = call().await;
        server.acknowledge(true);
        answer
    });
    assert_eq!(first.status, 200);
    readable(&second, 429);
    assert_eq!(second.headers["retry-after"], "1");
    server.broker.close(Duration::ZERO).await;
    let gone = call().await;
    readable(&gone, 503);
    assert_eq!(gone.headers["retry-after"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_sends_without_asking_is_taken_from_listed_origins_only() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let plain = ("content-type", "text/plain;charset=UTF-8");
    for headers in [&[SHOP, plain][..], &[SHOP]] {
        let answer = post(&server, EVENTS, headers, one_event()).await;
        assert_eq!((answer.status, accepted(&answer)), (200, json!(1)));
    }
    let bearer = ("authorization", "Bearer t0ken");
    let answer = post(&server, HOOK, &[SHOP, plain, bearer], r#"{"name": "a"}"#).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    for (path, headers) in [
        (EVENTS, &[EVIL, plain][..]),
        // Without a type, as of a Blob that has none.
        (EVENTS, &[EVIL]),
        (EVENTS, &[plain]),
        (
            EVENTS,
            &[SHOP, ("content-type", "application/x-www-form-urlencoded")],
        ),
        (EVENTS, &[SHOP, ("content-type", "multipart/form-data")]),
        ("/event/dispatch", &[SHOP, plain]),
        ("/event/dispatch", &[SHOP]),
        ("/hook/", &[SHOP, plain]),
        ("/hook/", &[plain]),
    ] {
        let answer = post(&server, path, headers, one_event()).await;
        assert_eq!(answer.status, 415, "{path} {headers:?}: {answer:?}");
    }
    // Whoever is no browser may leave the type away.
    assert_eq!(
        post(&server, "/event/dispatch", &[], one_event())
            .await
            .status,
        200
    );
    assert_eq!(server.count("all_q"), 3);
}
