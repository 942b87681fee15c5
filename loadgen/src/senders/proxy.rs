//! A proxy between a library and servers, which does to requests and answers what networks and servers do.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::request;

/// Largest body that is passed on.
const LARGEST: usize = 16 << 20;

/// How long a server may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What happens to a request. Of a hundred, sixty arrive and are answered without more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    CutBefore,
    CutAfter,
    Late,
    Status(u16),
}

/// The proxy, which ends when it is dropped.
pub(super) struct Proxy {
    address: SocketAddr,
    running: JoinHandle<()>,
    faults: Arc<AtomicUsize>,
}

struct Shared {
    to: Vec<String>,
    random: Mutex<StdRng>,
    next: AtomicUsize,
    faults: Arc<AtomicUsize>,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Proxy {
    /// Starts one in front of these servers, which get requests in turn.
    pub(super) async fn start(to: Vec<String>, seed: u64) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let faults = Arc::new(AtomicUsize::new(0));
        let shared = Arc::new(Shared {
            to,
            random: Mutex::new(StdRng::seed_from_u64(seed)),
            next: AtomicUsize::new(0),
            faults: Arc::clone(&faults),
            client: Client::builder(TokioExecutor::new()).build_http(),
        });
        let running = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    let service = hyper::service::service_fn(|r| pass(Arc::clone(&shared), r));
                    // A cut connection ends with an error, which is what it is for.
                    Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await
                        .ok();
                });
            }
        });
        Ok(Proxy {
            address,
            running,
            faults,
        })
    }

    /// Its address, as `http://127.0.0.1:PORT`.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often it did something to a request.
    pub(super) fn faults(&self) -> usize {
        self.faults.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// The connection is closed where an error is returned.
async fn pass(
    shared: Arc<Shared>,
    request: Request<hyper::body::Incoming>,
) -> std::io::Result<Response<Full<Bytes>>> {
    let cut = || std::io::Error::other("cut");
    let (head, body) = request.into_parts();
    let body = Limited::new(body, LARGEST).collect().await;
    let body = body.map_err(|_| cut())?.to_bytes();
    let (fault, pause) = shared.draw();
    if fault != Fault::None {
        shared.faults.fetch_add(1, Ordering::Relaxed);
    }
    match fault {
        Fault::CutBefore => return Err(cut()),
        Fault::Status(413) if !is_divisible(&head.headers, &body) => {}
        Fault::Status(status) => {
            let response = Response::builder()
                .status(status)
                // A page reads no answer without these, and a preflight isn't answered by them alone.
                .header("access-control-allow-origin", "*")
                .header("access-control-expose-headers", "retry-after")
                .header("retry-after", if pause > 280 { "1" } else { "0" });
            return response
                .body(Full::default())
                .map_err(std::io::Error::other);
        }
        Fault::Late => tokio::time::sleep(Duration::from_millis(pause)).await,
        Fault::None | Fault::CutAfter => {}
    }
    let answer = shared.ask(head, body).await;
    match (answer, fault) {
        (_, Fault::CutAfter) => Err(cut()),
        (Some(answer), _) => Ok(answer),
        (None, _) => {
            let response = Response::builder().status(StatusCode::BAD_GATEWAY);
            response
                .body(Full::default())
                .map_err(std::io::Error::other)
        }
    }
}

/// True if it has several events: one alone that is too large would be given up.
fn is_divisible(headers: &http::HeaderMap, body: &[u8]) -> bool {
    let content_type = headers.get("content-type").and_then(|h| h.to_str().ok());
    let read = request::body(content_type.unwrap_or_default(), body);
    let events = read
        .ok()
        .and_then(|body| body.get("events")?.as_array().map(Vec::len));
    events.is_some_and(|events| events > 1)
}

impl Shared {
    /// A fault, and a number of milliseconds.
    fn draw(&self) -> (Fault, u64) {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = match random.random_range(0..100) {
            0..8 => Fault::CutBefore,
            8..16 => Fault::CutAfter,
            16..24 => Fault::Late,
            24..29 => Fault::Status(429),
            29..34 => Fault::Status(500),
            34..37 => Fault::Status(413),
            37..40 => Fault::Status(503),
            _ => Fault::None,
        };
        (fault, random.random_range(0..300))
    }

    /// The answer of a server; none if there is none.
    async fn ask(&self, head: http::request::Parts, body: Bytes) -> Option<Response<Full<Bytes>>> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.to.len().max(1);
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        // Browsers ask with OPTIONS before they send.
        let mut request = Request::builder()
            .method(head.method)
            .uri(format!("{}{path}", self.to.get(turn)?));
        for (name, value) in &head.headers {
            if name != http::header::HOST && name != http::header::TRANSFER_ENCODING {
                request = request.header(name, value);
            }
        }
        let request = request.body(Full::new(body)).ok()?;
        let answer = tokio::time::timeout(PATIENCE, self.client.request(request)).await;
        let (head, body) = answer.ok()?.ok()?.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        Some(Response::from_parts(head, Full::new(body)))
    }
}
