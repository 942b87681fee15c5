//! The scripted server: keeps what came, and answers as a scenario says.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::stream;
use http::{Method, Response, StatusCode};
use http_body::Frame;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use super::answer::{Answer, End};
use super::request::{self, Request};

/// Largest body that is read.
const LARGEST: usize = 16 << 20;

type Content = BoxBody<Bytes, std::io::Error>;

/// A server for one scenario.
pub(super) struct Server {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    running: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    requests: Vec<Request>,
    answers: Vec<Answer>,
    /// How many of the answers were given.
    given: usize,
    /// True if requests are not kept.
    forgets: bool,
}

impl Server {
    /// Starts one on a free port.
    pub(super) async fn start(answers: Vec<Answer>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut server = Server {
            address: listener.local_addr()?,
            shared: Arc::default(),
            running: None,
        };
        server.answer(answers);
        server.listen(listener);
        Ok(server)
    }

    /// Its address, as `http://127.0.0.1:PORT`.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Gives these answers from now on.
    pub(super) fn answer(&self, answers: Vec<Answer>) {
        let mut shared = self.shared();
        shared.answers = answers;
        shared.given = 0;
    }

    /// Keeps no requests from now on.
    pub(super) fn forget(&self) {
        self.shared().forgets = true;
    }

    /// All requests so far.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.shared().requests.clone()
    }

    /// Ends all connections, and takes no new ones.
    pub(super) async fn down(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
            // It was ended, which is no error here.
            running.await.ok();
        }
    }

    /// Takes connections again, on the same port.
    pub(super) async fn up(&mut self) -> anyhow::Result<()> {
        let listener = TcpListener::bind(self.address).await;
        self.listen(listener.context("the port of the scripted server is taken")?);
        Ok(())
    }

    fn listen(&mut self, listener: TcpListener) {
        let shared = Arc::clone(&self.shared);
        self.running = Some(tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                connections.spawn(async move {
                    let service = hyper::service::service_fn(|r| answer(Arc::clone(&shared), r));
                    // A connection that was cut, by either side, is part of the scenario.
                    Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await
                        .ok();
                });
            }
        }));
    }

    fn shared(&self) -> std::sync::MutexGuard<'_, Shared> {
        lock(&self.shared)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.abort();
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> std::sync::MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The connection is closed where an error is returned.
async fn answer(
    shared: Arc<Mutex<Shared>>,
    request: http::Request<hyper::body::Incoming>,
) -> std::io::Result<Response<Content>> {
    let (head, body) = request.into_parts();
    let cut = || std::io::Error::other("cut");
    let body = Limited::new(body, LARGEST).collect().await;
    let body = body.map_err(|_| cut())?.to_bytes();
    if head.method != Method::POST {
        return plain(
            StatusCode::NOT_FOUND,
            "text/plain",
            Vec::new(),
            &Answer::default(),
        );
    }
    let headers = head.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    let mut request = Request {
        at: Instant::now(),
        answered: None,
        path: head
            .uri
            .path_and_query()
            .map(ToString::to_string)
            .unwrap_or_default(),
        headers: headers.collect(),
        body: Err(String::new()),
        size: body.len(),
    };
    let content_type = request.headers.get("content-type").cloned();
    let read = request::body(content_type.as_deref().unwrap_or_default(), &body);
    request.body = read.map_err(|error| format!("{error:#}"));
    let (at, answer) = {
        let mut shared = lock(&shared);
        let place = shared.given.min(shared.answers.len().saturating_sub(1));
        shared.given += 1;
        let answer = shared.answers.get(place).cloned().unwrap_or_default();
        if !shared.forgets {
            shared.requests.push(request.clone());
        }
        (shared.requests.len().saturating_sub(1), answer)
    };
    tokio::time::sleep(Duration::from_millis(answer.delay_ms)).await;
    if answer.end == Some(End::Hang) {
        std::future::pending::<()>().await;
    }
    if let Some(kept) = lock(&shared).requests.get_mut(at) {
        kept.answered = Some(Instant::now());
    }
    if answer.end == Some(End::Cut) {
        return Err(cut());
    }
    let content = answer.content(request.events().len(), request.is_protobuf());
    let (status, content_type, body) = content.map_err(std::io::Error::other)?;
    let status = StatusCode::from_u16(status).map_err(std::io::Error::other)?;
    plain(status, content_type, body, &answer)
}

fn plain(
    status: StatusCode,
    content_type: &str,
    body: Vec<u8>,
    answer: &Answer,
) -> std::io::Result<Response<Content>> {
    let mut response = Response::builder()
        .status(status)
        .header("content-type", content_type);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    let content = match answer.end {
        Some(End::Half) => {
            response = response.header("content-length", body.len() + 1);
            let frames = [
                Ok(Frame::data(Bytes::from(body))),
                Err(std::io::Error::other("cut")),
            ];
            BodyExt::boxed(StreamBody::new(stream::iter(frames)))
        }
        _ => Full::new(Bytes::from(body))
            .map_err(|never: Infallible| match never {})
            .boxed(),
    };
    response.body(content).map_err(std::io::Error::other)
}
