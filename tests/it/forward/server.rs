//! An HTTP server that does what a test tells it to, misbehaving included.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Reaction to a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Answers with this status, these headers and this body.
    Status(u16, Vec<(&'static str, String)>, String),
    /// Answers 200 after this long.
    Slow(Duration),
    /// Breaks the connection before an answer.
    Reset,
    /// Breaks the connection in the middle of the answer's head.
    ResetInHead,
    /// Says 200 and breaks the connection in the middle of the body.
    ResetInBody,
}

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) at: Instant,
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

type Answer = dyn Fn(&Seen) -> Option<Reply> + Send + Sync;

#[derive(Default)]
struct State {
    seen: Mutex<Vec<Seen>>,
    script: Mutex<VecDeque<Reply>>,
    answer: Mutex<Option<Arc<Answer>>>,
    now: AtomicUsize,
    most: AtomicUsize,
}

/// The server. Dropped, it is gone.
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<State>,
    _tasks: JoinSet<()>,
}

/// A status with nothing else.
pub(crate) fn status(code: u16) -> Reply {
    Reply::Status(code, Vec::new(), String::new())
}

impl Server {
    /// A server that answers everything with 200.
    pub(crate) async fn start() -> Server {
        Self::at(([127, 0, 0, 1], 0).into()).await
    }

    /// Starts a server at this address.
    pub(crate) async fn at(address: SocketAddr) -> Server {
        let listener = bound(address).await;
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let mut tasks = JoinSet::new();
        let shared = Arc::clone(&state);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Server {
            address,
            state,
            _tasks: tasks,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next requests get these replies, one each.
    pub(crate) fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state.script.lock().unwrap().extend(replies);
    }

    /// Sets the reply to requests that have none in the script; without one it is 200.
    pub(crate) fn answer(&self, answer: impl Fn(&Seen) -> Option<Reply> + Send + Sync + 'static) {
        *self.state.answer.lock().unwrap() = Some(Arc::new(answer));
    }

    /// The requests that came, in their order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    /// Waits until this many requests have come.
    pub(crate) async fn has_seen(&self, count: usize) -> Vec<Seen> {
        for _ in 0..1000 {
            let seen = self.seen();
            if seen.len() >= count {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} of {count} requests came", self.seen().len());
    }

    /// The most requests that were under way at once.
    pub(crate) fn most_at_once(&self) -> usize {
        self.state.most.load(Ordering::SeqCst)
    }
}

/// A server that was dropped lets go of its address a little later.
async fn bound(address: SocketAddr) -> TcpListener {
    for _ in 0..100 {
        if let Ok(listener) = TcpListener::bind(address).await {
            return listener;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    TcpListener::bind(address).await.unwrap()
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let mut stream = BufReader::new(stream);
    while let Some(seen) = read(&mut stream).await {
        let now = state.now.fetch_add(1, Ordering::SeqCst) + 1;
        state.most.fetch_max(now, Ordering::SeqCst);
        state.seen.lock().unwrap().push(seen.clone());
        let scripted = state.script.lock().unwrap().pop_front();
        let answer = state.answer.lock().unwrap().clone();
        let reply = scripted
            .or_else(|| answer.and_then(|answer| answer(&seen)))
            .unwrap_or(status(200));
        let kept = reply_with(stream.get_mut(), reply).await;
        state.now.fetch_sub(1, Ordering::SeqCst);
        if !kept {
            stream.get_mut().set_zero_linger().unwrap();
            return;
        }
    }
}

/// Sends a reply; whether the connection goes on.
async fn reply_with(stream: &mut TcpStream, reply: Reply) -> bool {
    let (text, kept) = match reply {
        Reply::Status(code, headers, body) => {
            let headers: String = headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}\r\n"))
                .collect();
            let length = body.len();
            let text =
                format!("HTTP/1.1 {code} Told\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
            (text, true)
        }
        Reply::Slow(time) => {
            tokio::time::sleep(time).await;
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".into(), true)
        }
        Reply::Reset => return false,
        Reply::ResetInHead => ("HTTP/1.1 200 OK\r\ncontent-le".into(), false),
        Reply::ResetInBody => (
            "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf".into(),
            false,
        ),
    };
    stream.write_all(text.as_bytes()).await.is_ok() && kept
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Seen> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|n| *n > 0)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        stream
            .read_line(&mut header)
            .await
            .ok()
            .filter(|n| *n > 0)?;
        let header = header.trim_end();
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Seen {
        at: Instant::now(),
        line: line.trim_end().to_owned(),
        headers,
        body: serde_json::from_slice(&body).unwrap(),
    })
}
