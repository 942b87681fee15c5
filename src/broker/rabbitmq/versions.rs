//! Versions of the nodes of a RabbitMQ, from the frame by which each begins a connection.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::{Address, place};

/// Timeout of a node.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// What a client says first in AMQP 0-9-1.
const HELLO: &[u8; 8] = b"AMQP\0\0\x09\x01";

/// Maximum size of a node's first frame, in bytes.
const LARGEST: u32 = 64 << 10;

/// The version that each node says it has, or why it says none.
pub async fn versions(address: &Address) -> Vec<(String, Result<String, String>)> {
    let mut nodes: Vec<usize> = address.nodes().in_order().collect();
    nodes.sort_unstable();
    let mut found = Vec::new();
    for node in nodes {
        let uri = address.uri_of(node);
        let said = match timeout(TIME_LIMIT, first_frame(address, node)).await {
            Ok(Ok(frame)) => {
                let version = text_of(&frame, "version").map(str::to_owned);
                version.ok_or_else(|| "it doesn't say its version".to_owned())
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("it doesn't answer within {TIME_LIMIT:?}")),
        };
        found.push((place(uri), said));
    }
    found
}

/// The frame by which a node begins a connection.
async fn first_frame(address: &Address, node: usize) -> io::Result<Vec<u8>> {
    let authority = &address.uri_of(node).authority;
    let host = authority.host.as_str();
    let stream = TcpStream::connect((host, authority.port)).await?;
    match address.tls() {
        None => greeted(stream).await,
        Some(tls) => {
            let connector = TlsConnector::from(tls.config().map_err(io::Error::other)?);
            let name = tls.server_name(host).map_err(io::Error::other)?;
            let shaken = connector.connect(name, stream).await;
            greeted(shaken.map_err(|error| io::Error::other(tls.failed(host, &error)))?).await
        }
    }
}

async fn greeted(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<Vec<u8>> {
    stream.write_all(HELLO).await?;
    stream.flush().await?;
    // A method on the channel 0.
    let is_begin = stream.read_u8().await? == 1 && stream.read_u16().await? == 0;
    let size = stream.read_u32().await?;
    if !is_begin || size > LARGEST {
        return Err(io::Error::other("it doesn't speak AMQP 0-9-1"));
    }
    let mut frame = vec![0; size as usize];
    stream.read_exact(&mut frame).await?;
    Ok(frame)
}

/// The text of a field in the table of a frame.
fn text_of<'a>(frame: &'a [u8], field: &str) -> Option<&'a str> {
    let mut key = vec![u8::try_from(field.len()).ok()?];
    key.extend_from_slice(field.as_bytes());
    // A long text.
    key.push(b'S');
    let at = frame
        .windows(key.len())
        .position(|window| window == key.as_slice())?;
    let (length, rest) = frame.get(at + key.len()..)?.split_first_chunk::<4>()?;
    let text = rest.get(..u32::from_be_bytes(*length) as usize)?;
    std::str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::text_of;

    #[test]
    fn the_version_is_found_in_the_first_frame() {
        let frame = b"\0\x0a\0\x0a\0\x09\0\0\0\x30\x07productS\0\0\0\x08RabbitMQ\x07versionS\0\0\0\x064.1.10rest";
        assert_eq!(text_of(frame, "version"), Some("4.1.10"));
        assert_eq!(text_of(frame, "product"), Some("RabbitMQ"));
        for frame in [
            &b""[..],
            b"\x07version",
            b"\x07versionS\0\0\0\x09x",
            b"\x07versionS\xff\xff\xff\xffx",
        ] {
            assert_eq!(text_of(frame, "version"), None);
        }
    }
}
