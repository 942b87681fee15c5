//! Bytes on connections of their own, and the status line that comes back.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio_rustls::TlsConnector;

use super::{Outcome, Places};
use crate::siege::attack::{Hello, Port, Proof, Talk};

/// Bytes, and the silence after each.
type Parts = [(Bytes, Duration)];

/// Maximum part of an answer that is searched for its status.
const HEAD: usize = 64 << 10;

/// A connection, with TLS or without.
pub(in crate::siege) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Says it on each of its connections. They all end alike, or the worst is told.
pub(super) async fn send(from: IpAddr, places: &Places, talk: &Talk) -> Outcome {
    let proof = match talk.proof {
        Proof::Usual => places.proof(talk.port).unwrap_or_default(),
        Proof::Own => String::new(),
    };
    let parts: Vec<_> = talk
        .parts
        .iter()
        .map(|(bytes, pause)| match proof.is_empty() {
            true => (bytes.clone(), *pause),
            false => (Talk::with_lines(bytes, &proof), *pause),
        })
        .collect();
    let all = (0..talk.times.max(1)).map(|_| one(from, places, talk, &parts));
    super::worst(join_all(all).await)
}

async fn one(from: IpAddr, places: &Places, talk: &Talk, parts: &Parts) -> Outcome {
    let deadline = places.deadline;
    let stream = match connect(from, places, talk.port, talk.hello).await {
        Ok(stream) => stream,
        // A server that has enough connections need not take one that says nothing, nor one with a bad certificate.
        Err(_) if talk.hold.is_some() || matches!(talk.hello, Hello::Showing(_)) => {
            return Outcome::Closed;
        }
        Err(error) => return Outcome::Unanswered(format!("no connection: {error}")),
    };
    let (reader, writer) = tokio::io::split(stream);
    let limit = talk.hold.unwrap_or(deadline);
    if limit.is_zero() {
        say(writer, parts).await;
        return Outcome::Left;
    }
    // An answer may come before everything is said, and what is said may find nobody who reads it.
    let said = say(writer, parts);
    let heard = tokio::time::timeout(limit, hear(reader));
    let (_writer, heard) = tokio::join!(
        async { tokio::time::timeout(limit, said).await.ok().flatten() },
        heard
    );
    match (heard, talk.hold) {
        (Ok(outcome), _) => outcome,
        (Err(_), Some(_)) => Outcome::Left,
        (Err(_), None) => Outcome::Unanswered(format!("nothing for {deadline:?}")),
    }
}

/// Connects to a port, with TLS if the server has it and this handshake wants it.
pub(in crate::siege) async fn connect(
    from: IpAddr,
    places: &Places,
    port: Port,
    hello: Hello,
) -> io::Result<Box<dyn Stream>> {
    let to = places.of(port);
    let socket = TcpSocket::new_v4()?;
    if from.is_loopback() {
        socket.bind((from, 0).into())?;
    }
    let stream = socket.connect(to).await?;
    stream.set_nodelay(true)?;
    let shown = match hello {
        Hello::Plain => return Ok(Box::new(stream)),
        Hello::Usual => None,
        Hello::Showing(certificate) => Some(certificate),
    };
    let Some(proofs) = &places.proofs else {
        return Ok(Box::new(stream));
    };
    let tls = proofs.tls(shown);
    let config = tls.config().map_err(io::Error::other)?;
    let name = tls.server_name(&to.ip().to_string());
    let name = name.map_err(io::Error::other)?;
    let shaken = TlsConnector::from(config).connect(name, stream);
    let shaken = tokio::time::timeout(places.deadline, shaken).await;
    Ok(Box::new(shaken.map_err(io::Error::other)??))
}

/// Says all of it, and gives back what keeps the connection open, if there still is one.
async fn say<W: AsyncWrite + Unpin>(mut writer: W, parts: &Parts) -> Option<W> {
    for (bytes, pause) in parts {
        writer.write_all(bytes).await.ok()?;
        writer.flush().await.ok()?;
        tokio::time::sleep(*pause).await;
    }
    Some(writer)
}

/// Waits for a status.
async fn hear(mut reader: impl AsyncRead + Unpin) -> Outcome {
    let mut answer = Vec::new();
    let mut buffer = vec![0; 4096];
    loop {
        if let Some(status) = status(&answer) {
            match status {
                200..=299 => return Outcome::Taken,
                // When to come again is behind the status line.
                429 if !has_head(&answer) => {}
                429 if !has_retry_after(&answer) => {
                    return Outcome::Refused("429 without Retry-After".to_owned());
                }
                status => return Outcome::Refused(status.to_string()),
            }
        }
        match reader.read(&mut buffer).await {
            Ok(0) | Err(_) => return Outcome::Closed,
            // HTTP/2 has no status line.
            Ok(_) if answer.len() > HEAD => {}
            Ok(read) => answer.extend_from_slice(buffer.get(..read).unwrap_or_default()),
        }
    }
}

/// The status of an answer, once its line is there. One that says to go on is none.
fn status(answer: &[u8]) -> Option<u16> {
    let text = String::from_utf8_lossy(answer.get(..answer.len().min(HEAD))?);
    let mut rest = text.as_ref();
    loop {
        let (line, after) = rest.split_once("\r\n")?;
        let status = line.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
        if status >= 200 {
            return Some(status);
        }
        // An informational answer mostly has no headers.
        rest = match after.strip_prefix("\r\n") {
            Some(next) => next,
            None => after.split_once("\r\n\r\n")?.1,
        };
    }
}

/// True if the head of an answer has ended.
fn has_head(answer: &[u8]) -> bool {
    answer.windows(4).any(|part| part == b"\r\n\r\n")
}

fn has_retry_after(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_ascii_lowercase();
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    head.contains("\r\nretry-after: ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_once_its_line_is_there() {
        assert_eq!(status(b"HTTP/1.1 200"), None);
        assert_eq!(status(b"HTTP/1.1 200 OK\r\n"), Some(200));
        assert_eq!(status(b"HTTP/1.0 413 Too Large\r\nx: y\r\n\r\n"), Some(413));
        assert_eq!(
            status(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad\r\nx: y\r\n\r\n{}"),
            Some(400)
        );
        assert_eq!(status(b"HTTP/1.1 100 Continue\r\n\r\n"), None);
        assert_eq!(status(b"\0\0\x12\x04\0\0\r\n"), None);
    }
}
