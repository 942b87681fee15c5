//! TLS of the PostgreSQL client, with the certificates that are there when a connection is made.

use std::future::Future;
use std::io;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::tls::TlsError;
use crate::tls::client::Tls;

/// Makes the TLS of each connection.
#[derive(Clone)]
pub(super) struct Connector {
    tls: Tls,
}

impl Connector {
    /// Creates it; fails if the certificates can't be read.
    pub(super) fn new(tls: Tls) -> Result<Self, TlsError> {
        tls.config()?;
        Ok(Connector { tls })
    }
}

/// One handshake, whose error tells what to do about it.
pub(super) struct Handshake<T> {
    inner: T,
    tls: Tls,
    host: String,
}

impl<S> MakeTlsConnect<S> for Connector
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = <MakeRustlsConnect as MakeTlsConnect<S>>::Stream;
    type TlsConnect = Handshake<<MakeRustlsConnect as MakeTlsConnect<S>>::TlsConnect>;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn make_tls_connect(&mut self, host: &str) -> Result<Self::TlsConnect, Self::Error> {
        let config = self.tls.config()?;
        let mut connector = MakeRustlsConnect::new((*config).clone());
        let inner = MakeTlsConnect::<S>::make_tls_connect(&mut connector, host)?;
        Ok(Handshake {
            inner,
            tls: self.tls.clone(),
            host: host.to_owned(),
        })
    }
}

impl<S, T> TlsConnect<S> for Handshake<T>
where
    T: TlsConnect<S, Error = io::Error>,
    T::Future: Send + 'static,
{
    type Stream = T::Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<T::Stream>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        let Handshake { inner, tls, host } = self;
        let handshake = inner.connect(stream);
        Box::pin(async move {
            let shaken = handshake.await;
            shaken.map_err(|error| io::Error::other(tls.failed(&host, &error)))
        })
    }
}
