//! TLS handshake of a connection: completed in time, or refused and counted.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::Error as TlsError;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::peer::Peer;
use super::socket::Socket;
use super::stream::Stream;
use super::transport::Transport;
use crate::metrics::tls::HANDSHAKES;
use crate::tls::ServerTls;

/// Answer to HTTP/1 without TLS.
const HTTP1: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n\
    content-length: 42\r\nconnection: close\r\n\r\nThis port speaks TLS. Use https:// for it.";

/// Empty SETTINGS, with which a server of HTTP/2 begins.
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

/// Answer to HTTP/2 without TLS: GOAWAY with the error INADEQUATE_SECURITY and a text.
const GOAWAY: &[u8] = b"\0\0\x32\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0c\
    This port speaks TLS. Use https:// for it.";

/// Longest wait for the first request of HTTP/2 without TLS.
const FIRST_REQUEST: Duration = Duration::from_secs(1);

/// Completes the handshake of a connection within `limit`. If there is none, the client was told, and it is counted.
pub(super) async fn secure(tls: &ServerTls, socket: Socket, limit: Duration) -> Option<Transport> {
    let peer = Arc::clone(socket.peer());
    let failure = match timeout(limit, attempt(tls, socket)).await {
        Ok(Ok(transport)) => {
            HANDSHAKES.with([peer.door(), "done"]).increment(1);
            return Some(transport);
        }
        Ok(Err(failure)) => failure,
        Err(_) => Failure {
            outcome: "timeout",
            error: None,
            socket: None,
        },
    };
    let (door, outcome) = (peer.door(), failure.outcome);
    HANDSHAKES.with([door, outcome]).increment(1);
    let error = failure.error.map(|error| error.to_string());
    tracing::debug!(door, peer = %peer.address(), outcome, error, "A TLS handshake failed.");
    if let Some(socket) = failure.socket {
        let plain = outcome == "plain";
        // The client's own pace, and the time that its unread bytes are discarded.
        drop(timeout(limit, farewell(socket, peer, plain)).await);
    }
    None
}

/// A handshake that failed.
struct Failure {
    outcome: &'static str,
    error: Option<io::Error>,
    /// Connection to a client that is still there and may read why it was refused.
    socket: Option<Socket>,
}

async fn attempt(tls: &ServerTls, socket: Socket) -> Result<Transport, Failure> {
    let gone = |error| Failure {
        outcome: "gone",
        error,
        socket: None,
    };
    match socket.first_byte().await {
        // A method of HTTP begins with a capital, and the preface of HTTP/2, too. A record of TLS begins with 22.
        Ok(Some(first)) if first.is_ascii_uppercase() => {
            return Err(Failure {
                outcome: "plain",
                error: None,
                socket: Some(socket),
            });
        }
        Ok(Some(_)) => {}
        Ok(None) => return Err(gone(None)),
        Err(error) => return Err(gone(Some(error))),
    }
    let accepted = TlsAcceptor::from(tls.config()).accept(socket);
    match accepted.into_fallible().await {
        Ok(stream) => Ok(Transport::Tls(Box::new(stream))),
        Err((error, socket)) => match outcome(&error) {
            None => Err(gone(Some(error))),
            Some(outcome) => Err(Failure {
                outcome,
                error: Some(error),
                socket: Some(socket),
            }),
        },
    }
}

/// Outcome of a handshake that failed with an error of TLS; none if it is one of the connection.
fn outcome(error: &io::Error) -> Option<&'static str> {
    let error = error.get_ref()?.downcast_ref::<TlsError>()?;
    Some(match error {
        TlsError::AlertReceived(_) => "alert",
        TlsError::NoCertificatesPresented | TlsError::InvalidCertificate(_) => "client_certificate",
        TlsError::PeerIncompatible(_) | TlsError::NoApplicationProtocol => "incompatible",
        _ => "invalid",
    })
}

/// Says why, if the client doesn't speak TLS, and closes the connection so that it can read that, or the alert that was
/// sent before.
async fn farewell(mut socket: Socket, peer: Arc<Peer>, plain: bool) -> io::Result<()> {
    let mut answer: &[u8] = b"";
    if plain {
        let mut begun = [0; 3];
        socket.read_exact(&mut begun).await?;
        answer = HTTP1;
        if begun == *b"PRI" {
            answer = GOAWAY;
            socket.write_all(SETTINGS).await?;
            drop(timeout(FIRST_REQUEST, first_request(&mut socket)).await);
        }
    }
    peer.left_unread();
    let mut stream = Stream::new(Transport::Plain(socket), peer);
    stream.write_all(answer).await?;
    stream.shutdown().await
}

/// Reads the rest of the preface of HTTP/2 and the frames up to the head of the first request. A client that is told to
/// go away before it has asked for anything reports a closed connection and not the reason.
async fn first_request(socket: &mut Socket) -> io::Result<()> {
    const HEADERS: u8 = 1;
    const MAX_FRAMES: usize = 16;
    const MAX_PAYLOAD: usize = 16 << 10;
    let mut preface = [0; 21];
    socket.read_exact(&mut preface).await?;
    for _ in 0..MAX_FRAMES {
        let mut head = [0; 9];
        socket.read_exact(&mut head).await?;
        let [high, middle, low, kind, ..] = head;
        let length = u32::from_be_bytes([0, high, middle, low]) as usize;
        if kind == HEADERS || length > MAX_PAYLOAD {
            break;
        }
        socket.read_exact(&mut vec![0; length]).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_the_lengths_that_they_say() {
        let http1 = String::from_utf8_lossy(HTTP1);
        let (head, text) = http1.split_once("\r\n\r\n").unwrap_or_default();
        assert!(head.contains(&format!("content-length: {}\r\n", text.len())));
        // Behind the head of the frame.
        assert_eq!(GOAWAY.len() - 9, usize::from(GOAWAY[2]));
        assert!(GOAWAY.ends_with(text.as_bytes()));
    }
}
