//! Handshakes: protocols and versions, certificates that clients refuse, and clients that don't speak TLS.

use event_grpc::listen::Limits;
use event_grpc::tls::ServerTls;
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::certificates::{Authority, Files};
use super::clients::{Trust, ask_http2};
use super::{handshakes, serve, until};

#[tokio::test(flavor = "multi_thread")]
async fn http2_and_http1_are_spoken_as_the_client_wishes() {
    let authority = Authority::new();
    let files = Files::new(&authority.server(), None);
    let tls = ServerTls::open(files.server()).unwrap();
    let port = serve(&tls, Limits::default()).await;
    let before = handshakes("done");
    for version in [&TLS12, &TLS13] {
        let trust = Trust::of(&authority).version(version);
        for (offered, chosen) in [
            (&["h2", "http/1.1"][..], Some("h2")),
            (&["http/1.1", "h2"], Some("h2")),
            (&["h2"], Some("h2")),
            (&["http/1.1"], Some("http/1.1")),
            (&[], None),
        ] {
            let trust = trust.clone().speaking(offered);
            let stream = trust.connect(port).await.unwrap();
            let spoken = stream.get_ref().1.alpn_protocol();
            assert_eq!(spoken, chosen.map(str::as_bytes), "{offered:?}");
            let answer = match chosen {
                Some("h2") => ask_http2(stream, "/").await,
                _ => trust.get(port, "/").await.unwrap(),
            };
            assert_eq!(answer, "hello nobody");
        }
    }
    assert!(handshakes("done") >= before + 10.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_resumes_its_session() {
    let authority = Authority::new();
    let files = Files::new(&authority.server(), None);
    let tls = ServerTls::open(files.server()).unwrap();
    let port = serve(&tls, Limits::default()).await;
    let connector = tokio_rustls::TlsConnector::from(Trust::of(&authority).config());
    let mut kinds = Vec::new();
    for _ in 0..2 {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let name = "localhost".try_into().unwrap();
        let mut stream = connector.connect(name, stream).await.unwrap();
        super::clients::ask(&mut stream, "/", true).await.unwrap();
        kinds.push(stream.get_ref().1.handshake_kind().unwrap());
    }
    assert_eq!(
        kinds,
        [rustls::HandshakeKind::Full, rustls::HandshakeKind::Resumed]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_a_client_refuses_is_counted_as_its_alert() {
    let authority = Authority::new();
    // It can be served: an instance that starts again after it expired goes on storing.
    let expired = Files::new(&authority.server_until(2020), None);
    let good = Files::new(&authority.server(), None);
    for (files, trusts, reason) in [
        (&expired, &authority, "expired"),
        (&good, &Authority::new(), "UnknownIssuer"),
    ] {
        let tls = ServerTls::open(files.server()).unwrap();
        let port = serve(&tls, Limits::default()).await;
        let before = handshakes("alert");
        for version in [&TLS12, &TLS13] {
            let trust = Trust::of(trusts).version(version);
            let error = trust.get(port, "/").await.unwrap_err().to_string();
            assert!(
                error.to_lowercase().contains(&reason.to_lowercase()),
                "{error}"
            );
        }
        until("both are counted", async || {
            handshakes("alert") >= before + 2.0
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protocol_that_is_not_spoken_is_refused_with_an_alert() {
    let authority = Authority::new();
    let files = Files::new(&authority.server(), None);
    let tls = ServerTls::open(files.server()).unwrap();
    let port = serve(&tls, Limits::default()).await;
    let before = handshakes("incompatible");
    let trust = Trust::of(&authority).speaking(&["smtp"]);
    let error = trust.connect(port).await.unwrap_err().to_string();
    assert!(error.contains("NoApplicationProtocol"), "{error}");
    assert!(handshakes("incompatible") > before);
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_told_that_the_port_speaks_tls() {
    let authority = Authority::new();
    let files = Files::new(&authority.server(), None);
    let tls = ServerTls::open(files.server()).unwrap();
    let port = serve(&tls, Limits::default()).await;
    let plain = handshakes("plain");
    let said = async |bytes: &[u8]| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer).await);
        answer
    };
    // With a body that goes on for longer than the answer is ready.
    let post = [
        b"POST /event/dispatch HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n".to_vec(),
        vec![b' '; 1_000_000],
    ];
    for request in [b"GET / HTTP/1.1\r\nhost: a\r\n\r\n".to_vec(), post.concat()] {
        let answer = String::from_utf8(said(&request).await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.ends_with("This port speaks TLS. Use https:// for it."));
    }
    assert!(handshakes("plain") >= plain + 2.0);

    // gRPC without TLS.
    let uri = format!("http://127.0.0.1:{port}");
    let channel = tonic::transport::Endpoint::from_shared(uri).unwrap();
    let mut client = tonic::client::Grpc::new(channel.connect_lazy());
    drop(client.ready().await);
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    let path = http::uri::PathAndQuery::from_static("/a.B/c");
    let status = client
        .unary(tonic::Request::new(()), path, codec)
        .await
        .unwrap_err();
    let told = format!("{status:?}");
    assert!(told.contains("INADEQUATE_SECURITY"), "{told}");
    assert!(handshakes("plain") >= plain + 3.0);

    // What is neither gets the alert of TLS, and no more.
    let invalid = handshakes("invalid");
    let answer = said(b"\0\x01\x02\x03 what is this?").await;
    assert_eq!(answer.first(), Some(&21), "{answer:?}");
    assert!(handshakes("invalid") > invalid);
}
