//! `event-grpc alive`: asks the instance of this machine whether it is alive, for checks of containers, which have no other
//! program to ask with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::tls;

/// Timeout of the answer. Checks are repeated, so that one that comes too late is followed by another.
const TIME_LIMIT: Duration = Duration::from_secs(3);

/// A request that needs no token and tells nothing.
const REQUEST: &[u8] = b"GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// Ask the instance on this machine whether it is alive (GET /livez). It is found by the variables that the instance itself was
/// given. Exit status 1 if it isn't.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where the operations of the instance listen.
    #[arg(
        long,
        env = "EVENT_GRPC_OPS_LISTEN",
        default_value = "127.0.0.1:8018",
        value_name = "ADDRESS"
    )]
    ops_listen: SocketAddr,
    /// Certificate of the instance's ports, if they speak TLS: the instance has to have this one, whatever name it is for.
    #[arg(long, env = "EVENT_GRPC_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
}

/// Runs the command.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    let address = reachable(args.ops_listen);
    let asked = timeout(TIME_LIMIT, ask(address, args.tls_cert.as_deref())).await;
    let answer = asked.with_context(|| format!("{address} doesn't answer in time"))?;
    answer.with_context(|| format!("the instance at {address} is not alive"))?;
    super::say("alive");
    Ok(true)
}

async fn ask(address: SocketAddr, certificate: Option<&std::path::Path>) -> anyhow::Result<()> {
    let stream = TcpStream::connect(address).await?;
    let Some(certificate) = certificate else {
        return exchange(stream).await;
    };
    let connector = TlsConnector::from(Arc::new(tls::pinned(certificate)?));
    let name = ServerName::from(address.ip());
    exchange(connector.connect(name, stream).await?).await
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> anyhow::Result<()> {
    stream.write_all(REQUEST).await?;
    let mut status = [0; "HTTP/1.1 200".len()];
    stream.read_exact(&mut status).await?;
    match &status {
        b"HTTP/1.1 200" => Ok(()),
        other => bail!(
            "it answers {}",
            super::one_line(&String::from_utf8_lossy(other))
        ),
    }
}

/// The address to connect to: one that listens on all addresses is reached on loopback.
fn reachable(listens: SocketAddr) -> SocketAddr {
    let ip = match listens.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listens.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_asked_on_loopback() {
        let cases = [
            ("0.0.0.0:8018", "127.0.0.1:8018"),
            ("[::]:8018", "[::1]:8018"),
            ("10.0.0.1:1", "10.0.0.1:1"),
        ];
        for (listens, asked) in cases {
            assert_eq!(listens.parse().map(reachable), asked.parse());
        }
    }
}
