//! A publisher that sends what it is told, and hears whether the broker has it.

use std::io;

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use super::Outcome;
use super::frames::{
    self, ACK, AROUND, CHANNEL_CLOSE, CHANNEL_OPEN, CHANNEL_OPEN_OK, CLOSE, CONFIRM, CONFIRM_OK,
    END, METHOD, NACK, OPEN, OPEN_OK, RETURN, START, START_OK, TUNE, TUNE_OK, long, method, short,
};
use crate::siege::attack::Publish;

/// Address of the broker, and the account.
#[derive(Debug, Clone)]
pub(in crate::siege) struct Address {
    place: String,
    vhost: String,
    user: String,
    password: String,
}

/// A connection with a channel that confirms.
pub(super) struct Connection {
    stream: TcpStream,
    frame_max: usize,
}

/// A method frame that came.
struct Heard {
    method: (u16, u16),
    arguments: Vec<u8>,
}

impl Address {
    /// Reads an AMQP URL.
    pub(super) fn parse(url: &str) -> anyhow::Result<Self> {
        let url = Url::parse(url).ok().filter(|url| url.scheme() == "amqp");
        let url = url.context("--amqp-url should look like amqp://user:password@host:5672/%2f")?;
        let decoded = |text: &str| {
            let bytes = percent_encoding::percent_decode_str(text);
            bytes.decode_utf8_lossy().into_owned()
        };
        let host = url.host_str().context("--amqp-url names no host")?;
        Ok(Address {
            place: format!("{host}:{}", url.port().unwrap_or(5672)),
            vhost: match url.path() {
                "" | "/" => "/".to_owned(),
                path => decoded(path.trim_start_matches('/')),
            },
            user: decoded(url.username()),
            password: decoded(url.password().unwrap_or_default()),
        })
    }
}

/// Publishes a message on this connection, or a new one, and waits until the broker has decided on it.
pub(super) async fn publish(
    kept: &mut Option<Connection>,
    address: &Address,
    message: &Publish,
) -> Outcome {
    let mut connection = match kept.take() {
        Some(connection) => connection,
        None => match Connection::open(address).await {
            Ok(connection) => connection,
            Err(error) => return Outcome::Unanswered(format!("no connection: {error}")),
        },
    };
    match connection.publish(message).await {
        // One that the broker closed is of no more use.
        Ok(outcome @ Outcome::Refused(_)) => outcome,
        Ok(outcome) => {
            *kept = Some(connection);
            outcome
        }
        Err(error) => Outcome::Unanswered(format!("the connection broke: {error}")),
    }
}

impl Connection {
    async fn open(address: &Address) -> io::Result<Self> {
        let mut stream = TcpStream::connect(&address.place).await?;
        stream.set_nodelay(true)?;
        stream.write_all(frames::PROTOCOL).await?;
        let mut connection = Connection {
            stream,
            frame_max: 4096,
        };
        connection.expect(START).await?;
        let response = format!("\0{}\0{}", address.user, address.password);
        let no_properties = long(b"");
        connection
            .say(
                0,
                START_OK,
                &[
                    &no_properties,
                    &short(b"PLAIN"),
                    &long(response.as_bytes()),
                    &short(b"en_US"),
                ],
            )
            .await?;
        let tune = connection.expect(TUNE).await?;
        let limit = tune.get(2..6).and_then(|bytes| bytes.try_into().ok());
        let limit = limit.map_or(131_072, u32::from_be_bytes);
        connection.frame_max = limit as usize;
        let no_heartbeats = [0, 0];
        let channels = 8_u16.to_be_bytes();
        let accepted: [&[u8]; 3] = [&channels, &limit.to_be_bytes(), &no_heartbeats];
        connection.say(0, TUNE_OK, &accepted).await?;
        let vhost = short(address.vhost.as_bytes());
        connection
            .say(0, OPEN, &[&vhost, &short(b""), &[0]])
            .await?;
        connection.expect(OPEN_OK).await?;
        connection.say(1, CHANNEL_OPEN, &[&short(b"")]).await?;
        connection.expect(CHANNEL_OPEN_OK).await?;
        connection.say(1, CONFIRM, &[&[0]]).await?;
        connection.expect(CONFIRM_OK).await?;
        Ok(connection)
    }

    async fn publish(&mut self, message: &Publish) -> io::Result<Outcome> {
        let bytes = frames::message(message, self.frame_max);
        // A broker that closes the connection while it is written to says why, if somebody reads it.
        let written = self.stream.write_all(&bytes).await;
        let mut returned = false;
        loop {
            let heard = match self.hear().await {
                Ok(heard) => heard,
                Err(error) => return written.and(Err(error)),
            };
            match heard.method {
                ACK if returned => return Ok(Outcome::Refused("unrouted".to_owned())),
                ACK => return Ok(Outcome::Taken),
                NACK => return Ok(Outcome::Refused("nack".to_owned())),
                RETURN => returned = true,
                CHANNEL_CLOSE | CLOSE => return Ok(Outcome::Refused(closed(&heard.arguments))),
                _ => {}
            }
        }
    }

    async fn say(
        &mut self,
        channel: u16,
        number: (u16, u16),
        arguments: &[&[u8]],
    ) -> io::Result<()> {
        let bytes = method(channel, number, arguments);
        self.stream.write_all(&bytes).await
    }

    /// The arguments of the method that should come next.
    async fn expect(&mut self, number: (u16, u16)) -> io::Result<Vec<u8>> {
        let heard = self.hear().await?;
        if heard.method == number {
            return Ok(heard.arguments);
        }
        let text = match heard.method {
            CLOSE | CHANNEL_CLOSE => closed(&heard.arguments),
            (class, method) => format!("method {class}.{method} came unexpectedly"),
        };
        Err(io::Error::other(text))
    }

    /// The next method. The header and body of what is returned are passed over.
    async fn hear(&mut self) -> io::Result<Heard> {
        loop {
            let kind = self.stream.read_u8().await?;
            let _channel = self.stream.read_u16().await?;
            let length = self.stream.read_u32().await? as usize;
            if length > self.frame_max.max(1 << 17) + AROUND {
                return Err(io::Error::other(format!("a frame of {length} bytes")));
            }
            let mut payload = vec![0; length];
            self.stream.read_exact(&mut payload).await?;
            if self.stream.read_u8().await? != END {
                return Err(io::Error::other("a frame that doesn't end"));
            }
            let number = |at: usize| {
                let bytes = payload.get(at..at + 2)?.try_into().ok()?;
                Some(u16::from_be_bytes(bytes))
            };
            if let (METHOD, Some(class), Some(method)) = (kind, number(0), number(2)) {
                return Ok(Heard {
                    method: (class, method),
                    arguments: payload.get(4..).unwrap_or_default().to_vec(),
                });
            }
        }
    }
}

/// Reason of a close: a number, which is enough for a table.
fn closed(arguments: &[u8]) -> String {
    let bytes = arguments.get(..2).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or_else(
        || "closed".to_owned(),
        |bytes| u16::from_be_bytes(bytes).to_string(),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_url_names_host_vhost_and_user() {
        let address = Address::parse("amqp://gu%65st:p%40ss@127.0.0.1:5673/%2fa").unwrap();
        assert_eq!(address.place, "127.0.0.1:5673");
        assert_eq!(
            (address.user.as_str(), address.vhost.as_str()),
            ("guest", "/a")
        );
        assert_eq!(address.password, "p@ss");
        assert!(Address::parse("http://127.0.0.1").is_err());
    }
}
