//! Slow and aborted handshakes: they end in time, keep nobody out, and leave nothing behind.

use std::time::{Duration, Instant};

use event_grpc::listen::Limits;
use event_grpc::tls::ServerTls;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::certificates::{Authority, Files};
use super::clients::{Trust, client_hello};
use super::{handshakes, serve, until};

/// Limits that a test doesn't have to wait for.
fn impatient() -> Limits {
    Limits {
        silence: Duration::from_secs(1),
        linger: Duration::from_secs(1),
        ..Limits::default()
    }
}

async fn connect(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port)).await.unwrap()
}

/// Waits until a connection is closed, for ten seconds.
async fn closed(stream: &mut TcpStream) -> Duration {
    let start = Instant::now();
    let mut scrap = [0; 1024];
    let read = async { while stream.read(&mut scrap).await.is_ok_and(|came| came > 0) {} };
    let ended = tokio::time::timeout(Duration::from_secs(10), read).await;
    assert!(ended.is_ok(), "the connection stays open");
    start.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_is_not_complete_in_time_ends() {
    let authority = Authority::new();
    let files = Files::new(&authority.server(), None);
    let tls = ServerTls::open(files.server()).unwrap();
    let port = serve(&tls, impatient()).await;
    let before = handshakes("timeout");
    let hello = client_hello();
    // Nothing; a byte; the head of a record that promises more; half a hello; a whole one and nothing after it; and half a
    // method of HTTP.
    let begun: [&[u8]; 6] = [
        b"",
        b"\x16",
        b"\x16\x03\x01\x40\x00",
        &hello[..hello.len() / 2],
        &hello,
        b"P",
    ];
    let each = begun.map(async |bytes| {
        let mut stream = connect(port).await;
        stream.write_all(bytes).await.unwrap();
        closed(&mut stream).await
    });
    for took in futures_util::future::join_all(each).await {
        assert!(took < Duration::from_secs(4), "{took:?}");
    }
    until("they are counted", async || {
        handshakes("timeout") >= before + 5.0
    })
    .await;

    // One that is never silent for long.
    let start = Instant::now();
    let mut stream = connect(port).await;
    for byte in &hello {
        if stream.write_all(&[*byte]).await.is_err() || start.elapsed() > Duration::from_secs(8) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(start.elapsed() < Duration::from_secs(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_that_hang_keep_nobody_out() {
    let authority = Authority::new();
    let files = Files::new(&authority.server(), None);
    let tls = ServerTls::open(files.server()).unwrap();
    let limits = Limits {
        connections: 16,
        of_one_address: 16,
        silence: Duration::from_secs(5),
        ..Limits::default()
    };
    let port = serve(&tls, limits).await;
    let hello = client_hello();
    let mut hanging = Vec::new();
    for number in 0..200 {
        let mut stream = connect(port).await;
        if number % 2 == 0 {
            drop(stream.write_all(&hello[..number]).await);
        }
        hanging.push(stream);
    }
    let start = Instant::now();
    let trust = Trust::of(&authority);
    for _ in 0..5 {
        assert_eq!(trust.get(port, "/").await.unwrap(), "hello nobody");
    }
    assert!(start.elapsed() < Duration::from_secs(3));
    for stream in &mut hanging {
        closed(stream).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_aborted_handshakes_leave_no_places_behind() {
    const PLACES: usize = 32;
    let authority = Authority::new();
    let files = Files::new(&authority.server(), None);
    let tls = ServerTls::open(files.server()).unwrap();
    let limits = Limits {
        connections: PLACES,
        of_one_address: PLACES,
        ..impatient()
    };
    let port = serve(&tls, limits).await;
    let hello = client_hello();
    let (gone, invalid) = (handshakes("gone"), handshakes("invalid"));
    for number in 0..3_000_usize {
        let mut stream = connect(port).await;
        match number % 4 {
            0 => {}
            1 => drop(stream.write_all(&hello[..hello.len() / 2]).await),
            2 => drop(stream.write_all(&hello).await),
            _ => drop(stream.write_all(b"\x16\x03\x01\0\x04spam").await),
        }
        if number % 3 == 0 {
            stream.set_zero_linger().unwrap();
        }
    }
    assert!(handshakes("gone") > gone && handshakes("invalid") > invalid);
    let trust = Trust::of(&authority);
    until(
        "as many as there are places are served at once",
        async || {
            let all = (0..PLACES).map(|_| trust.get(port, "/slow"));
            let answers = futures_util::future::join_all(all).await;
            answers
                .iter()
                .all(|answer| answer.as_ref().is_ok_and(|text| text == "done"))
        },
    )
    .await;
}
