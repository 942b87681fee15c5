//! Operations while an instance drains.

use std::time::{Duration, Instant};

use http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{alone, ask};

#[tokio::test(flavor = "multi_thread")]
async fn operations_are_answered_until_the_drain_has_ended() {
    let directory = tempfile::tempdir().unwrap();
    let server = alone(directory.path(), &["--drain-seconds", "30"]).await;
    let http = server.http.trim_start_matches("http://").to_owned();
    // A request that is under way when the instance is told to end.
    let mut slow = TcpStream::connect(&http).await.unwrap();
    let head = "POST /event/dispatch HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{";
    slow.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.terminate();
    let began = Instant::now();
    while TcpStream::connect(&http).await.is_ok() {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "it goes on listening"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(ask(&server, Method::GET, "/livez", &[]).await.status, 200);
    assert_eq!(ask(&server, Method::GET, "/metrics", &[]).await.status, 200);
    assert_eq!(ask(&server, Method::GET, "/readyz", &[]).await.status, 503);
    assert_eq!(
        ask(&server, Method::GET, "/heartbeat/", &[]).await.status,
        410
    );
    slow.write_all(b"}").await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    server.ended().await;
}
