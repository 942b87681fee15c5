//! A TLS proxy before a server that speaks none, whose certificate can be exchanged.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::support::certificates::Pair;

/// The proxy.
pub(super) struct Front {
    address: SocketAddr,
    config: watch::Sender<Arc<ServerConfig>>,
}

impl Front {
    /// Starts it before a server at `HOST:PORT`.
    pub(super) async fn before(upstream: &str, config: Arc<ServerConfig>) -> Front {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = watch::Sender::new(config);
        let (configs, upstream) = (config.subscribe(), upstream.to_owned());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, upstream.clone(), configs.clone()));
            }
        });
        Front { address, config }
    }

    /// Its port.
    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Goes on with another configuration, and ends all connections.
    pub(super) fn set(&self, config: Arc<ServerConfig>) {
        self.config.send_replace(config);
    }
}

/// Configuration of a server that shows a certificate, and wants one of an authority in `clients`, if that is given.
pub(super) fn shows(pair: &Pair, clients: Option<&Path>) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let mut roots = RootCertStore::empty();
            roots
                .add(CertificateDer::from_pem_file(file).unwrap())
                .unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.unwrap())
        }
    };
    let chain = vec![CertificateDer::from_pem_file(&pair.certificate).unwrap()];
    let key = PrivateKeyDer::from_pem_file(&pair.key).unwrap();
    Arc::new(builder.with_single_cert(chain, key).unwrap())
}

async fn serve(
    client: TcpStream,
    upstream: String,
    mut configs: watch::Receiver<Arc<ServerConfig>>,
) {
    let config = Arc::clone(&configs.borrow_and_update());
    let mut client = match TlsAcceptor::from(config)
        .accept(client)
        .into_fallible()
        .await
    {
        Ok(client) => client,
        Err((_, mut client)) => {
            // What is still unread would reset the connection before the client has read why it ends.
            client.shutdown().await.ok();
            let rest = async { while client.read(&mut [0; 1024]).await.is_ok_and(|n| n > 0) {} };
            tokio::time::timeout(Duration::from_secs(1), rest)
                .await
                .ok();
            return;
        }
    };
    let mut server = TcpStream::connect(&upstream).await.unwrap();
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = configs.changed() => {}
    }
}
