//! A ClickHouse server that refuses some statements, as one with other settings or rights does: the real one, behind a
//! proxy.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use event_grpc::sink::clickhouse::{Address, ClickHouse};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::clickhouse::support::address;

/// Statements to refuse, by a part of their text, and the answers.
pub(super) type Rules = &'static [(&'static str, &'static str)];

/// The proxy, which ends with it.
pub(super) struct Proxy {
    url: String,
    serving: JoinHandle<()>,
}

impl Proxy {
    /// In front of the tests' server.
    pub(super) async fn start(rules: Rules) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let shown = address().to_string();
        let (target, _) = shown.split_once("/ (").unwrap();
        let router = Router::new()
            .fallback(pass)
            .with_state((Arc::<str>::from(target), rules));
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        Proxy { url, serving }
    }

    /// A store of the same database, through it.
    pub(super) fn store(&self, store: &ClickHouse) -> ClickHouse {
        let address = Address::parse(&self.url).unwrap();
        ClickHouse::new(address.with_database(store.address().database())).unwrap()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pass(State((target, rules)): State<(Arc<str>, Rules)>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = to_bytes(body, usize::MAX).await.unwrap();
    let query = percent_decode_str(parts.uri.query().unwrap_or_default()).decode_utf8_lossy();
    let said = format!(
        "{} {}",
        query.replace('+', " "),
        String::from_utf8_lossy(&body)
    );
    if let Some((_, answer)) = rules.iter().find(|(part, _)| said.contains(part)) {
        let code = answer.split([' ', '.']).nth(1).unwrap();
        return Response::builder()
            .status(500)
            .header("X-ClickHouse-Exception-Code", code)
            .body(Body::from(*answer))
            .unwrap();
    }
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut passed = http::Request::builder()
        .method(parts.method)
        .uri(format!("{target}{path}"));
    for (name, value) in parts
        .headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("x-"))
    {
        passed = passed.header(name, value);
    }
    let passed = passed.body(Full::new(body)).unwrap();
    client.request(passed).await.unwrap().map(Body::new)
}
