//! Limits of connections over TLS, which are those of connections without it.

use std::time::{Duration, Instant};

use event_grpc::listen::Limits;
use event_grpc::tls::ServerTls;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificates::{Authority, Files};
use super::clients::{Trust, ask};
use super::{counted, serve, serve_until, until};

/// Limits that a test doesn't have to wait for.
fn impatient() -> Limits {
    Limits {
        silence: Duration::from_millis(600),
        idle: Duration::from_millis(800),
        idle_http2: Duration::from_millis(800),
        unread: Duration::from_millis(400),
        ..Limits::default()
    }
}

fn closed_for(reason: &str) -> f64 {
    counted(&format!(
        "event_grpc_connections_closed_total{{door=\"http\",reason=\"{reason}\"}}"
    ))
}

/// Waits until a connection is closed, for ten seconds; true if TLS was ended properly.
async fn closed(stream: &mut TlsStream<TcpStream>) -> bool {
    let mut scrap = [0; 1024];
    let read = async {
        loop {
            match stream.read(&mut scrap).await {
                Ok(0) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(10), read).await;
    ended.expect("the connection stays open")
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_half_open_and_idle_connections_are_closed_over_tls() {
    let authority = Authority::new();
    let files = Files::new(&authority.server(), None);
    let tls = ServerTls::open(files.server()).unwrap();
    let port = serve(&tls, impatient()).await;
    let trust = Trust::of(&authority);
    let before = ["silent", "head", "idle"].map(closed_for);
    for begun in [
        &b""[..],
        b"PRI * HT",
        b"GET / HTTP/1.1\r\nhost: a\r\nx-more: ",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    ] {
        let mut stream = trust.connect(port).await.unwrap();
        stream.write_all(begun).await.unwrap();
        closed(&mut stream).await;
    }
    // One that had its answer: it is told to go in TLS, too.
    let mut stream = trust.connect(port).await.unwrap();
    assert_eq!(ask(&mut stream, "/", false).await.unwrap(), "hello nobody");
    assert!(closed(&mut stream).await);
    let after = ["silent", "head", "idle"].map(closed_for);
    assert!(
        after
            .iter()
            .zip(before)
            .all(|(after, before)| *after > before)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_comes_byte_by_byte_is_cut() {
    let authority = Authority::new();
    let files = Files::new(&authority.server(), None);
    let tls = ServerTls::open(files.server()).unwrap();
    let port = serve(&tls, impatient()).await;
    let mut stream = Trust::of(&authority).connect(port).await.unwrap();
    let start = Instant::now();
    for byte in b"GET / HTTP/1.1\r\nhost: a\r\nx-more: ".iter().cycle() {
        let sent = stream.write_all(&[*byte]).await;
        if sent.is_err() || stream.flush().await.is_err() {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(5), "it is never cut");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_is_cut_over_tls() {
    let authority = Authority::new();
    let files = Files::new(&authority.server(), None);
    let tls = ServerTls::open(files.server()).unwrap();
    let port = serve(&tls, impatient()).await;
    let before = closed_for("unread");
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(([127, 0, 0, 1], port).into()).await.unwrap();
    let connector = TlsConnector::from(Trust::of(&authority).config());
    let name = "localhost".try_into().unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    stream
        .write_all(b"GET /big HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    stream.flush().await.unwrap();
    until("it is cut", async || closed_for("unread") > before).await;
    let mut came = Vec::new();
    drop(stream.read_to_end(&mut came).await);
    assert!(came.len() < 32 << 20, "{}", came.len());

    // One that reads slowly, and all of it.
    let big = Trust::of(&authority).get(port, "/big").await.unwrap();
    assert_eq!(big.len(), 32 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_answers_open_requests_and_does_not_wait_for_handshakes() {
    let authority = Authority::new();
    let files = Files::new(&authority.server(), None);
    let tls = ServerTls::open(files.server()).unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) };
    let (port, serving) = serve_until(&tls, Limits::default(), stopped).await;
    let trust = Trust::of(&authority);
    let hanging = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let silent = trust.connect(port).await.unwrap();
    let open = tokio::spawn({
        let trust = trust.clone();
        async move { trust.get(port, "/slow").await }
    });
    tokio::time::sleep(Duration::from_millis(250)).await;
    stop.send(()).unwrap();
    assert_eq!(open.await.unwrap().unwrap(), "done");
    tokio::time::timeout(Duration::from_secs(8), serving)
        .await
        .expect("it ends")
        .unwrap();
    drop((hanging, silent));
}
