//! Bytes on connections of their own, and the status line that comes back.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};

use super::Outcome;
use crate::siege::attack::Talk;

/// Maximum part of an answer that is searched for its status.
const HEAD: usize = 64 << 10;

/// Says it on each of its connections. They all end alike, or the worst is told.
pub(super) async fn send(from: IpAddr, to: SocketAddr, talk: &Talk, deadline: Duration) -> Outcome {
    let all = join_all((0..talk.times.max(1)).map(|_| one(from, to, talk, deadline))).await;
    let unanswered = all
        .iter()
        .find(|outcome| matches!(outcome, Outcome::Unanswered(_)));
    let told = unanswered.or(all.first()).cloned();
    told.unwrap_or(Outcome::Left)
}

async fn one(from: IpAddr, to: SocketAddr, talk: &Talk, deadline: Duration) -> Outcome {
    let stream = match connect(from, to).await {
        Ok(stream) => stream,
        // A server that has enough connections need not take one that says nothing.
        Err(_) if talk.hold.is_some() => return Outcome::Closed,
        Err(error) => return Outcome::Unanswered(format!("no connection: {error}")),
    };
    let (reader, writer) = stream.into_split();
    let limit = talk.hold.unwrap_or(deadline);
    if limit.is_zero() {
        say(writer, talk).await;
        return Outcome::Left;
    }
    // An answer may come before everything is said, and what is said may find nobody who reads it.
    let said = say(writer, talk);
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

async fn connect(from: IpAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if from.is_loopback() {
        socket.bind((from, 0).into())?;
    }
    let stream = socket.connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Says all of it, and gives back what keeps the connection open, if there still is one.
async fn say(mut writer: OwnedWriteHalf, talk: &Talk) -> Option<OwnedWriteHalf> {
    for (bytes, pause) in &talk.parts {
        writer.write_all(bytes).await.ok()?;
        tokio::time::sleep(*pause).await;
    }
    Some(writer)
}

/// Waits for a status.
async fn hear(mut reader: OwnedReadHalf) -> Outcome {
    let mut answer = Vec::new();
    let mut buffer = vec![0; 4096];
    loop {
        if let Some(status) = status(&answer) {
            return match status {
                200..=299 => Outcome::Taken,
                status => Outcome::Refused(status.to_string()),
            };
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
