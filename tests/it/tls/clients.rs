//! Clients that speak TLS: what they trust, what they show, and what they ask.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint, Uri};

use super::certificates::{Authority, Pair};

/// What a client trusts, shows and speaks.
#[derive(Clone)]
pub(crate) struct Trust {
    authority: String,
    pair: Option<Pair>,
    protocols: Vec<&'static str>,
    versions: Vec<&'static SupportedProtocolVersion>,
}

impl Trust {
    /// Trusts an authority, and speaks HTTP/1.1.
    pub(crate) fn of(authority: &Authority) -> Self {
        Trust::of_pem(&authority.pem)
    }

    /// Trusts a certificate in PEM.
    pub(crate) fn of_pem(pem: &str) -> Self {
        Trust {
            authority: pem.to_owned(),
            pair: None,
            protocols: vec!["http/1.1"],
            versions: rustls::ALL_VERSIONS.to_vec(),
        }
    }

    /// Shows this certificate if it is asked for one.
    pub(crate) fn showing(mut self, pair: Pair) -> Self {
        self.pair = Some(pair);
        self
    }

    /// Speaks these protocols.
    pub(crate) fn speaking(mut self, protocols: &[&'static str]) -> Self {
        self.protocols = protocols.to_vec();
        self
    }

    /// Speaks this version of TLS.
    pub(crate) fn version(mut self, version: &'static SupportedProtocolVersion) -> Self {
        self.versions = vec![version];
        self
    }

    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_slice(self.authority.as_bytes()).unwrap();
        roots.add(authority).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&self.versions)
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match &self.pair {
            Some(pair) => {
                let chain = CertificateDer::pem_slice_iter(pair.certificate.as_bytes());
                let chain = chain.collect::<Result<_, _>>().unwrap();
                let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        let protocols = self.protocols.iter();
        config.alpn_protocols = protocols
            .map(|protocol| protocol.as_bytes().to_vec())
            .collect();
        Arc::new(config)
    }

    /// Connects and completes the client's side of the handshake.
    pub(crate) async fn connect(&self, port: u16) -> io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(self.config())
            .connect(name, stream)
            .await
    }

    /// Connects and asks once. A server that refuses a client's certificate says so only then, in TLS 1.3.
    pub(crate) async fn get(&self, port: u16, path: &str) -> io::Result<String> {
        ask(&mut self.connect(port).await?, path, true).await
    }

    /// Channel for calls.
    pub(crate) async fn channel(&self, port: u16) -> Result<Channel, tonic::transport::Error> {
        let trust = self.clone().speaking(&["h2"]);
        let connect = tower::service_fn(move |_: Uri| {
            let trust = trust.clone();
            async move { trust.connect(port).await.map(TokioIo::new) }
        });
        // The connector has TLS of its own, so that the scheme is the one without.
        Endpoint::from_static("http://localhost")
            .connect_with_connector(connect)
            .await
    }
}

/// Asks over HTTP/1.1, and returns the body of the answer.
pub(crate) async fn ask(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    path: &str,
    last: bool,
) -> io::Result<String> {
    let connection = if last { "close" } else { "keep-alive" };
    let head =
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: {connection}\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    if last {
        stream.read_to_end(&mut answer).await?;
    } else {
        let mut part = [0; 1024];
        let count = stream.read(&mut part).await?;
        answer.extend_from_slice(&part[..count]);
    }
    let answer = String::from_utf8_lossy(&answer).into_owned();
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HTTP/1.1 200") => Ok(body.to_owned()),
        _ => Err(io::Error::other(format!("no good answer: {answer:?}"))),
    }
}

/// Asks over HTTP/2 on a connection of its own.
pub(crate) async fn ask_http2(stream: TlsStream<TcpStream>, path: &str) -> String {
    let io = TokioIo::new(stream);
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake::<_, _, Empty<Bytes>>(TokioExecutor::new(), io)
            .await
            .unwrap();
    tokio::spawn(async move { drop(connection.await) });
    let request = http::Request::get(format!("https://localhost{path}"));
    let request = request.body(Empty::new()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8_lossy(&body).into_owned()
}

/// First bytes of a client's handshake.
pub(crate) fn client_hello() -> Vec<u8> {
    let trust = Trust::of(&Authority::new());
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = rustls::ClientConnection::new(trust.config(), name).unwrap();
    let mut hello = Vec::new();
    connection.write_tls(&mut hello).unwrap();
    hello
}
