//! Connections that stop everybody, and the edges of HTTP and gRPC.

mod bodies;
mod edges;
mod listeners;
mod packed;
mod strangers;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use event_grpc::contract::Pool;
use event_grpc::ingest::Limits;
use event_grpc::listen::{self, Pace};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::ingest::server::{POOL, Server};

const JSON: &str = "application/json";

/// Limits that a test doesn't have to wait for.
fn impatient() -> listen::Limits {
    listen::Limits {
        silence: Duration::from_millis(400),
        idle: Duration::from_millis(800),
        idle_http2: Duration::from_millis(800),
        unread: Duration::from_millis(400),
        ..listen::Limits::default()
    }
}

/// A pace that is judged after a second.
fn quick() -> Pace {
    Pace {
        longest: Duration::from_secs(3),
        window: Duration::from_secs(1),
        least: 10 << 10,
        time_limit: Duration::from_millis(100),
    }
}

async fn server(doors: listen::Limits, pool: Pool) -> Server {
    Server::start_behind(doors, Limits::embedded(), pool, |broker| broker).await
}

async fn patient(pool: Pool) -> Server {
    server(listen::Limits::default(), pool).await
}

async fn connect(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port)).await.unwrap()
}

/// The head of a POST with a body of this length.
fn head(path: &str, length: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n")
}

/// Bytes received until the other side closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let read = stream.read_to_end(&mut text);
    drop(tokio::time::timeout(Duration::from_secs(20), read).await);
    String::from_utf8_lossy(&text).into_owned()
}

/// Sends bytes and returns what comes back until the end.
async fn exchange(port: u16, bytes: &[u8]) -> String {
    let mut stream = connect(port).await;
    stream.write_all(bytes).await.unwrap();
    rest(&mut stream).await
}

/// True if a connection is closed within so many seconds.
async fn is_closed(stream: &mut TcpStream, seconds: u64) -> bool {
    let mut scrap = [0; 1024];
    let read = async { while stream.read(&mut scrap).await.is_ok_and(|came| came > 0) {} };
    tokio::time::timeout(Duration::from_secs(seconds), read)
        .await
        .is_ok()
}

/// Posts JSON with further headers, and returns the code, the head and the body.
async fn post(server: &Server, path: &str, headers: &str, body: &[u8]) -> (u16, String, String) {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    let answer = exchange(server.http, &request).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    (
        code.unwrap_or_default(),
        head.to_lowercase(),
        body.to_owned(),
    )
}

type Http2<B> = Client<HttpConnector, B>;

/// A client with one HTTP/2 connection.
fn http2<B>() -> Http2<B>
where
    B: http_body::Body + Send + 'static + Unpin,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http()
}

/// A call of the source's method with headers and a body of one's own.
fn call<B>(server: &Server, headers: &[(&str, &str)], body: B) -> http::Request<B> {
    let uri = format!("http://127.0.0.1:{}/test.Service/dispatch", server.grpc);
    let mut request = http::Request::post(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).unwrap()
}

/// Answer to a call: HTTP status, gRPC status, message, and headers.
struct Told {
    http: u16,
    status: Option<i32>,
    message: String,
    headers: http::HeaderMap,
}

async fn told<B>(client: &Http2<B>, request: http::Request<B>) -> Told
where
    B: http_body::Body + Send + 'static + Unpin,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let answer = client.request(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap();
    let mut headers = parts.headers;
    headers.extend(body.trailers().cloned().unwrap_or_default());
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap().to_owned());
    Told {
        http: parts.status.as_u16(),
        status: text("grpc-status").map(|status| status.parse().unwrap()),
        message: text("grpc-message")
            .unwrap_or_else(|| String::from_utf8_lossy(&body.to_bytes()).into_owned()),
        headers,
    }
}

const GRPC: (&str, &str) = ("content-type", "application/grpc");

/// A message in its frame.
fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let mut frame = vec![flag];
    frame.extend((message.len() as u32).to_be_bytes());
    frame.extend(message);
    frame
}

fn full(bytes: Vec<u8>) -> Full<Bytes> {
    Full::new(bytes.into())
}

/// Runs these at once, and returns what they return.
async fn at_once<T: Send + 'static>(
    count: usize,
    make: impl Fn(usize) -> futures_util::future::BoxFuture<'static, T>,
) -> Vec<T> {
    futures_util::future::join_all((0..count).map(make)).await
}

/// A server that several tasks use.
async fn shared(pool: Pool) -> Arc<Server> {
    Arc::new(patient(pool).await)
}
