//! Connections themselves: too many, silent, half-open, idle, and those that don't read.

use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use event_grpc::listen;
use event_grpc::metrics;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket};

use super::*;
use crate::ingest::request;

const HOOK: &[u8] = b"{\"name\": \"a\"}";

#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_leave_when_others_come_and_in_time() {
    let doors = listen::Limits {
        connections: 16,
        silence: Duration::from_secs(2),
        ..listen::Limits::default()
    };
    let server = server(doors, POOL).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(connect(server.http).await);
        silent.push(connect(server.grpc).await);
    }
    let start = Instant::now();
    assert_eq!(server.http("POST", "/hook/", JSON, HOOK).await.0, 200);
    assert_eq!(server.call(request(3)).await.unwrap().accepted, 3);
    assert!(start.elapsed() < Duration::from_secs(2));
    for mut stream in silent {
        assert!(is_closed(&mut stream, 10).await);
    }
    assert_eq!(server.call(request(3)).await.unwrap().accepted, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn half_open_and_idle_connections_are_closed() {
    let server = server(impatient(), POOL).await;
    // A head that never ends, on both ports, the beginning of the preface of HTTP/2, and all of it.
    for begun in [
        &b"POST /hook/ HTTP/1.1\r\nhost: a\r\nx-more: "[..],
        b"PRI * HT",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    ] {
        for port in [server.http, server.grpc] {
            let mut stream = connect(port).await;
            stream.write_all(begun).await.unwrap();
            assert!(is_closed(&mut stream, 6).await, "{begun:?}");
        }
    }
    // One that had its answer, and stays.
    let mut stream = connect(server.http).await;
    stream
        .write_all(b"GET /heartbeat/ HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200"));
    // One that is used again and again stays.
    let mut used = connect(server.http).await;
    for _ in 0..5 {
        used.write_all(b"GET /heartbeat/ HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .unwrap();
        let mut answer = [0; 1024];
        assert!(used.read(&mut answer).await.unwrap() > 0);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Serves a large answer with these limits.
async fn big(doors: listen::Limits) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = "a".repeat(32 << 20);
    let router = Router::new().route("/", get(async move || answer.clone()));
    let forever = std::future::pending();
    tokio::spawn(listen::serve(listener, "http", router, doors, forever));
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_is_cut() {
    let port = big(impatient()).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(([127, 0, 0, 1], port).into()).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let mut came = Vec::new();
    drop(stream.read_to_end(&mut came).await);
    assert!(came.len() < 32 << 20, "{}", came.len());

    // Over HTTP/2 it is the window that is not opened.
    let client: Http2<Full<Bytes>> = Client::builder(TokioExecutor::new())
        .http2_only(true)
        .http2_initial_stream_window_size(1000)
        .build_http();
    let url = format!("http://127.0.0.1:{port}/");
    let request = http::Request::get(url).body(Full::default()).unwrap();
    let mut answer = client.request(request).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2000)).await;
    let mut broke = false;
    while !broke && let Some(frame) = answer.frame().await {
        broke = frame.is_err();
    }
    assert!(broke);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_resets_all_its_streams_is_sent_away() {
    let server = patient(POOL).await;
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    for stream in (1..20_000_u32).step_by(2) {
        // HEADERS with GET, http, / and a host, and then RST_STREAM.
        bytes.extend(b"\0\0\x06\x01\x05");
        bytes.extend(stream.to_be_bytes());
        bytes.extend(b"\x82\x86\x84\x41\x01a");
        bytes.extend(b"\0\0\x04\x03\0");
        bytes.extend(stream.to_be_bytes());
        bytes.extend(8_u32.to_be_bytes());
    }
    let mut stream = connect(server.grpc).await;
    drop(stream.write_all(&bytes).await);
    assert!(is_closed(&mut stream, 10).await);
    assert_eq!(server.call(request(3)).await.unwrap().accepted, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_does_not_wait_for_those_who_say_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Router::new().route(
        "/",
        get(async || {
            tokio::time::sleep(Duration::from_millis(500)).await;
            "done"
        }),
    );
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) };
    let doors = listen::Limits::default();
    let serving = tokio::spawn(listen::serve(listener, "http", router, doors, stopped));
    let silent = connect(port).await;
    let mut half = connect(port).await;
    half.write_all(b"PRI * HTTP/2.0\r\n\r\nS").await.unwrap();
    let mut asking = connect(port).await;
    asking
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    stop.send(()).unwrap();
    // Open requests are answered.
    assert!(rest(&mut asking).await.ends_with("done"));
    tokio::time::timeout(Duration::from_secs(8), serving)
        .await
        .expect("it ends")
        .unwrap();
    drop((silent, half));
    assert!(
        tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_descriptors_it_goes_on_and_says_so_once() {
    let ports = || {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let (grpc, http, ops) = (ports(), ports(), ports());
    let scratch = tempfile::tempdir().unwrap();
    let log = scratch.path().join("log");
    let serve = format!(
        "ulimit -n 64; exec {} serve --grpc-listen 127.0.0.1:{grpc} --http-listen 127.0.0.1:{http} \
         --ops-listen 127.0.0.1:{ops} --clickhouse-url http://127.0.0.1:9/test --max-connections 1000",
        env!("CARGO_BIN_EXE_event-grpc")
    );
    let mut child = std::process::Command::new("sh")
        .args(["-c", &serve])
        .env_remove("EVENT_GRPC_AMQP_URL")
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let read = || std::fs::read_to_string(&log).unwrap();
    let start = Instant::now();
    while !read().contains("Serving.") {
        assert!(start.elapsed() < Duration::from_secs(30), "{}", read());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(connect(http).await);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    // Events are taken again, and operators see why they were not.
    let mut answer = String::new();
    for (port, path) in [(http, "/heartbeat/"), (ops, "/metrics")] {
        let asked = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        answer.clear();
        while !answer.starts_with("HTTP/1.1 200") && start.elapsed() < Duration::from_secs(40) {
            answer = exchange(port, asked.as_bytes()).await;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}\n{}", read());
    let refused = "event_grpc_connections_refused_total{door=\"http\",reason=\"descriptors\"}";
    assert!(answer.contains(refused), "{answer}");
    let lines = read();
    let told = |line: &&str| {
        line.contains("Connections can't be accepted") && line.contains("door=\"http\"")
    };
    assert_eq!(lines.lines().filter(told).count(), 1, "{lines}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_counted_by_its_reason() {
    let counted = metrics::start().unwrap();
    let server = patient(POOL).await;
    assert_eq!(
        post(&server, "/hook/", "content-type: text/plain\r\n", HOOK)
            .await
            .0,
        415
    );
    assert_eq!(post(&server, "/nowhere", "", HOOK).await.0, 404);
    let wrong = told(&http2(), call(&server, &[GRPC], full(framed(0, b"\x0b")))).await;
    assert_eq!(wrong.status, Some(3));
    let rendered = counted.render();
    for (door, reason) in [
        ("http", "media_type"),
        ("http", "path"),
        ("grpc", "invalid"),
    ] {
        let line = format!("event_grpc_refused_total{{door=\"{door}\",reason=\"{reason}\"}}");
        assert!(rendered.contains(&line), "{line}\n{rendered}");
    }
    assert!(rendered.contains("event_grpc_connections{door=\"http\"}"));
}
