//! Bodies that stall or never end: they cost their own senders.

use std::time::{Duration, Instant};

use event_grpc::listen;
use futures_util::StreamExt as _;
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::io::AsyncWriteExt as _;

use super::*;
use crate::ingest::request;

#[tokio::test(flavor = "multi_thread")]
async fn a_body_below_the_pace_is_cut_and_its_sender_told() {
    let doors = listen::Limits {
        pace: quick(),
        ..listen::Limits::default()
    };
    let server = server(doors, POOL).await;
    let mut stalled = connect(server.http).await;
    stalled
        .write_all(head("/hook/", 1000).as_bytes())
        .await
        .unwrap();
    stalled.write_all(b"{\"name\"").await.unwrap();
    let start = Instant::now();
    let answer = rest(&mut stalled).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("did not arrive in time"), "{answer}");
    assert!(start.elapsed() < Duration::from_secs(8));
    // Over gRPC the same, while others on its connection are answered.
    let client = http2();
    let begun: Vec<u8> = framed(0, &[0; 1000])[..100].to_vec();
    let never = told(&client, call(&server, &[GRPC], endless(begun))).await;
    assert_eq!(never.status, Some(4), "{}", never.message);
    // A body in pieces is accepted if it is fast enough.
    let mut slow = connect(server.http).await;
    let body = format!("{{\"name\": \"{}\"}}", "a".repeat(60_000));
    slow.write_all(head("/hook/", body.len()).as_bytes())
        .await
        .unwrap();
    for piece in body.as_bytes().chunks(5_000) {
        slow.write_all(piece).await.unwrap();
        tokio::time::sleep(Duration::from_millis(120)).await;
    }
    slow.shutdown().await.unwrap();
    let answer = rest(&mut slow).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// A body that begins so and never ends.
fn endless(begun: Vec<u8>) -> Endless {
    let first = futures_util::stream::iter([Ok(Frame::data(Bytes::from(begun)))]);
    StreamBody::new(first.chain(futures_util::stream::pending()).boxed())
}

type Endless =
    StreamBody<futures_util::stream::BoxStream<'static, Result<Frame<Bytes>, std::io::Error>>>;

#[tokio::test(flavor = "multi_thread")]
async fn stalled_posts_make_room_for_others() {
    let pool = Pool {
        bytes: 1 << 20,
        ..POOL
    };
    let doors = listen::Limits {
        pace: Pace {
            time_limit: Duration::from_millis(200),
            ..Pace::default()
        },
        ..listen::Limits::default()
    };
    let server = server(doors, pool).await;
    let mut stalled = Vec::new();
    for _ in 0..4 {
        let mut stream = connect(server.http).await;
        stream
            .write_all(head("/hook/", 1_000_000).as_bytes())
            .await
            .unwrap();
        stream.write_all(&vec![b' '; 900_000]).await.unwrap();
        stalled.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let body = format!("{{\"name\": \"{}\"}}", "a".repeat(300_000));
    for _ in 0..8 {
        let (code, _, answer) = server.http("POST", "/hook/", JSON, body.as_bytes()).await;
        assert_eq!(code, 200, "{answer}");
    }
    let mut codes = Vec::new();
    for stream in &mut stalled {
        let answer = tokio::time::timeout(Duration::from_millis(300), rest(stream)).await;
        codes.extend(answer.ok().map(|answer| answer[9..12].to_owned()));
    }
    assert!(!codes.is_empty());
    assert!(
        codes.iter().all(|code| code == "408" || code == "429"),
        "{codes:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_never_end_have_a_share_and_no_more() {
    let pool = Pool {
        bytes: 4 << 20,
        ..POOL
    };
    let server = patient(pool).await;
    // One connection, sixteen calls, each with most of a message of a megabyte.
    let client = http2();
    let begun = framed(0, &vec![0; 1 << 20])[..900_000].to_vec();
    let calls = (0..16).map(|_| {
        let (client, call) = (
            client.clone(),
            call(&server, &[GRPC], endless(begun.clone())),
        );
        async move { tokio::time::timeout(Duration::from_secs(1), told(&client, call)).await }
    });
    let start = Instant::now();
    let all = futures_util::future::join_all(calls);
    let (told, others) = tokio::join!(all, async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let mut taken = 0;
        for _ in 0..10 {
            taken += server.call(request(1000)).await.unwrap().accepted;
        }
        taken
    });
    assert_eq!(others, 10_000);
    assert!(start.elapsed() < Duration::from_secs(5));
    let refused: Vec<_> = told.into_iter().filter_map(Result::ok).collect();
    assert!(refused.len() >= 12, "{}", refused.len());
    for told in refused {
        assert_eq!(told.status, Some(8));
        assert!(told.message.contains("connection"), "{}", told.message);
    }
}
