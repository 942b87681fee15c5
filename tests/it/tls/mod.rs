//! TLS of the listeners: real handshakes with good, expired, foreign and wrong certificates, by patient and other clients.

pub(crate) mod certificates;
pub(crate) mod clients;

mod handshakes;
mod identity;
mod instance;
mod limits;
mod quickstart;
mod reload;
mod slow;
mod start;

use std::time::Duration;

use axum::routing::get;
use axum::{Extension, Router};
use event_grpc::listen::{self, Limits};
use event_grpc::metrics;
use event_grpc::tls::{PeerCertificate, ServerTls};
use tokio::net::TcpListener;

/// Serves on a free port until the test ends: `/` answers with the name of the client's certificate, `/slow` after half a
/// second, and `/big` with 32 MiB.
pub(crate) async fn serve(tls: &ServerTls, limits: Limits) -> u16 {
    serve_until(tls, limits, std::future::pending()).await.0
}

/// Serves until `stop`; the task ends with the last connection.
async fn serve_until(
    tls: &ServerTls,
    limits: Limits,
    stop: impl Future<Output = ()> + Send + 'static,
) -> (u16, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let whose = async |certificate: Option<Extension<PeerCertificate>>| match certificate {
        Some(Extension(certificate)) => format!("hello {}", certificate.name()),
        None => "hello nobody".to_owned(),
    };
    let slow = async || {
        tokio::time::sleep(Duration::from_millis(500)).await;
        "done"
    };
    let big = "a".repeat(32 << 20);
    let router = Router::new()
        .route("/", get(whose))
        .route("/slow", get(slow))
        .route("/big", get(async move || big.clone()));
    let tls = Some(tls.clone());
    let serving = listen::serve_tls(listener, "http", router, limits, tls, stop);
    (port, tokio::spawn(serving))
}

/// Value of a time series; what other tests count is in it, too.
fn counted(series: &str) -> f64 {
    let rendered = metrics::start().unwrap().render();
    let line = rendered
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

/// Number of handshakes on the port with this outcome.
fn handshakes(outcome: &str) -> f64 {
    counted(&format!(
        "event_grpc_tls_handshakes_total{{door=\"http\",outcome=\"{outcome}\"}}"
    ))
}

/// Waits until something is so, for ten seconds.
async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came to be: {what}");
}
