//! A publisher that writes into AMQP frames whatever it is told, as other clients can.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

const METHOD: u8 = 1;
const HEADER: u8 = 2;
const BODY: u8 = 3;
const END: u8 = 0xCE;
/// Maximum payload of a frame.
const CHUNK: usize = 131_072 - 8;

/// The bits of properties.
pub(super) const CONTENT_TYPE: u8 = 15;
pub(super) const HEADERS: u8 = 13;
pub(super) const CORRELATION_ID: u8 = 10;
pub(super) const MESSAGE_ID: u8 = 7;
pub(super) const TYPE: u8 = 5;
pub(super) const APP_ID: u8 = 3;

/// A connection with one channel that has confirms.
pub(super) struct Raw {
    stream: TcpStream,
}

/// A property's bit and its bytes with their size.
pub(super) type Property = (u8, Vec<u8>);

pub(super) fn short(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![u8::try_from(bytes.len()).unwrap()];
    out.extend_from_slice(bytes);
    out
}

pub(super) fn long(bytes: &[u8]) -> Vec<u8> {
    let mut out = u32::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
    out.extend_from_slice(bytes);
    out
}

/// The headers property, of names and texts.
pub(super) fn headers<'a>(all: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Property {
    let mut table = Vec::new();
    for (name, text) in all {
        table.extend(short(name));
        table.push(b'S');
        table.extend(long(text));
    }
    (HEADERS, long(&table))
}

/// The headers property with one that is a list in a list, so many deep.
pub(super) fn nested(depth: usize) -> Property {
    let list = (0..depth).fold(vec![b'V'], |inner, _| [vec![b'A'], long(&inner)].concat());
    (HEADERS, long(&[short(b"deep"), list].concat()))
}

impl Raw {
    pub(super) async fn connect(url: &str) -> Raw {
        let url = Url::parse(url).unwrap();
        let place = (url.host_str().unwrap(), url.port().unwrap());
        let mut raw = Raw {
            stream: TcpStream::connect(place).await.unwrap(),
        };
        raw.stream.write_all(b"AMQP\0\0\x09\x01").await.unwrap();
        raw.expect((10, 10)).await;
        let secret = format!("\0{}\0{}", url.username(), url.password().unwrap());
        let mut start = long(b"");
        start.extend(short(b"PLAIN"));
        start.extend(long(secret.as_bytes()));
        start.extend(short(b"en_US"));
        raw.method(0, (10, 11), &start).await;
        raw.expect((10, 30)).await;
        raw.method(0, (10, 31), &[0, 9, 0, 2, 0, 0, 0, 0]).await;
        let vhost = url.path().trim_start_matches('/').replace("%2f", "/");
        let open = [short(vhost.as_bytes()), short(b""), vec![0]].concat();
        raw.method(0, (10, 40), &open).await;
        raw.expect((10, 41)).await;
        raw.method(1, (20, 10), &short(b"")).await;
        raw.expect((20, 11)).await;
        raw.method(1, (85, 10), &[0]).await;
        raw.expect((85, 11)).await;
        raw
    }

    /// Publishes a message and waits until it is confirmed. Properties come with the highest bit first.
    pub(super) async fn publish(
        &mut self,
        exchange: &str,
        routing_key: &[u8],
        properties: &[Property],
        body: &[u8],
    ) {
        let to = [
            vec![0, 0],
            short(exchange.as_bytes()),
            short(routing_key),
            vec![0],
        ]
        .concat();
        self.method(1, (60, 40), &to).await;
        let flags = properties
            .iter()
            .fold(1u16 << 12, |flags, (bit, _)| flags | 1 << bit);
        let mut header = vec![0, 60, 0, 0];
        header.extend((body.len() as u64).to_be_bytes());
        header.extend(flags.to_be_bytes());
        let (before, after): (Vec<_>, Vec<_>) = properties.iter().partition(|(bit, _)| *bit > 12);
        header.extend(before.iter().flat_map(|(_, bytes)| bytes));
        header.push(2); // persistent
        header.extend(after.iter().flat_map(|(_, bytes)| bytes));
        self.frame(1, HEADER, &header).await;
        for chunk in body.chunks(CHUNK) {
            self.frame(1, BODY, chunk).await;
        }
        self.expect((60, 80)).await;
    }

    /// Takes the first message of a queue and goes away with it, so that it is delivered again.
    pub(super) async fn take_and_leave(mut self, queue: &str) {
        let get = [vec![0, 0], short(queue.as_bytes()), vec![0]].concat();
        self.method(1, (60, 70), &get).await;
        self.expect((60, 71)).await;
    }

    async fn method(&mut self, channel: u16, (class, method): (u16, u16), arguments: &[u8]) {
        let mut payload = class.to_be_bytes().to_vec();
        payload.extend(method.to_be_bytes());
        payload.extend(arguments);
        self.frame(channel, METHOD, &payload).await;
    }

    async fn frame(&mut self, channel: u16, kind: u8, payload: &[u8]) {
        let mut frame = vec![kind];
        frame.extend(channel.to_be_bytes());
        frame.extend(long(payload));
        frame.push(END);
        self.stream.write_all(&frame).await.unwrap();
    }

    /// Reads until this method comes.
    async fn expect(&mut self, wanted: (u16, u16)) {
        loop {
            let mut start = [0; 7];
            self.stream.read_exact(&mut start).await.unwrap();
            let size = u32::from_be_bytes(start[3..].try_into().unwrap());
            let mut payload = vec![0; size as usize + 1];
            self.stream.read_exact(&mut payload).await.unwrap();
            if start[0] != METHOD {
                continue;
            }
            let number = |at: usize| u16::from_be_bytes([payload[at], payload[at + 1]]);
            if (number(0), number(2)) == wanted {
                return;
            }
            let closes = matches!((number(0), number(2)), (10, 50) | (20, 40));
            assert!(!closes, "{}", String::from_utf8_lossy(&payload[7..]));
        }
    }
}
