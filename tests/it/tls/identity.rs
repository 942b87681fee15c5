//! Client certificates: required or not, good, expired, foreign, and whose they are.

use event_grpc::listen::Limits;
use event_grpc::tls::{ClientCertificates, ServerTls};
use rustls::version::{TLS12, TLS13};

use super::certificates::{Authority, Files};
use super::clients::{Trust, ask_http2};
use super::{handshakes, serve, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_carries_the_name_of_its_clients_certificate() {
    let authority = Authority::new();
    let files = Files::new(&authority.server(), Some(&authority.pem));
    for clients in [ClientCertificates::Optional, ClientCertificates::Required] {
        let tls = ServerTls::open(files.asking(clients)).unwrap();
        let port = serve(&tls, Limits::default()).await;
        for version in [&TLS12, &TLS13] {
            let trust = Trust::of(&authority)
                .version(version)
                .showing(authority.client("shop-web"));
            assert_eq!(trust.get(port, "/").await.unwrap(), "hello shop-web");
            let stream = trust.speaking(&["h2"]).connect(port).await.unwrap();
            assert_eq!(ask_http2(stream, "/").await, "hello shop-web");
        }
    }
    // Who isn't asked shows none.
    let tls = ServerTls::open(files.server()).unwrap();
    let port = serve(&tls, Limits::default()).await;
    let trust = Trust::of(&authority).showing(authority.client("shop-web"));
    assert_eq!(trust.get(port, "/").await.unwrap(), "hello nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_may_be_missing_only_where_it_is_optional() {
    let authority = Authority::new();
    let files = Files::new(&authority.server(), Some(&authority.pem));
    let tls = ServerTls::open(files.asking(ClientCertificates::Optional)).unwrap();
    let port = serve(&tls, Limits::default()).await;
    let trust = Trust::of(&authority);
    assert_eq!(trust.get(port, "/").await.unwrap(), "hello nobody");
    let tls = ServerTls::open(files.asking(ClientCertificates::Required)).unwrap();
    let port = serve(&tls, Limits::default()).await;
    let before = handshakes("client_certificate");
    for version in [&TLS12, &TLS13] {
        let trust = trust.clone().version(version);
        let error = trust.get(port, "/").await.unwrap_err().to_string();
        // TLS 1.2 has no alert for it.
        assert!(
            error.contains("CertificateRequired") || error.contains("HandshakeFailure"),
            "{error}"
        );
    }
    assert!(handshakes("client_certificate") >= before + 2.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_certificate_is_refused_even_where_it_is_optional() {
    let authority = Authority::new();
    let foreign = Authority::new();
    let files = Files::new(&authority.server(), Some(&authority.pem));
    for clients in [ClientCertificates::Optional, ClientCertificates::Required] {
        let tls = ServerTls::open(files.asking(clients)).unwrap();
        let port = serve(&tls, Limits::default()).await;
        for (shown, reason) in [
            (
                authority.client_until("shop-web", 2020),
                "CertificateExpired",
            ),
            (foreign.client("shop-web"), "UnknownCA"),
            // One that is for servers.
            (authority.server(), "BadCertificate"),
        ] {
            let before = handshakes("client_certificate");
            let trust = Trust::of(&authority).showing(shown);
            let error = trust.get(port, "/").await.unwrap_err().to_string();
            assert!(
                error.contains(reason) || error.contains("UnsupportedCertificate"),
                "{reason}: {error}"
            );
            until("it is counted", async || {
                handshakes("client_certificate") > before
            })
            .await;
        }
        let trust = Trust::of(&authority).showing(authority.client("shop-web"));
        assert_eq!(trust.get(port, "/").await.unwrap(), "hello shop-web");
    }
}
