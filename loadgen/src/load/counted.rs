//! Counts of what a load published itself, served as `/metrics` of an instance, so that `event-grpc ledger` counts it in.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use event_grpc::metrics::{self, Recorder};
use http::Response;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Polling interval of the file.
const EVERY: Duration = Duration::from_millis(100);

/// Who asks what a load published.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Asked {
    /// For tests: port on loopback where `event-grpc ledger` finds what was published to brokers.
    #[arg(long, hide = true, value_name = "PORT", requires = "ledger_file")]
    ledger_port: Option<u16>,
    /// For tests: this file is there once the report is made, and the process stays until it is gone.
    #[arg(long, hide = true, value_name = "FILE", requires = "ledger_port")]
    ledger_file: Option<PathBuf>,
}

impl Asked {
    /// Counts from now on, and serves the counts for as long as the process runs.
    pub(super) async fn listen(&self) -> anyhow::Result<()> {
        let Some(port) = self.ledger_port else {
            return Ok(());
        };
        let recorder = metrics::start()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(address).await;
        let listener = listener.with_context(|| format!("--ledger-port {port}"))?;
        tokio::spawn(metrics::upkeep(recorder.clone()));
        tokio::spawn(serve(listener, recorder));
        Ok(())
    }

    /// Waits until nobody asks any more.
    pub(super) async fn stay(&self) -> anyhow::Result<()> {
        match &self.ledger_file {
            Some(file) => until_gone(file).await,
            None => Ok(()),
        }
    }
}

/// Serves the metrics, whatever is asked for.
async fn serve(listener: TcpListener, recorder: Recorder) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let recorder = recorder.clone();
        connections.spawn(async move {
            let service = hyper::service::service_fn(|_| {
                let text = Bytes::from(recorder.render());
                async { Ok::<_, Infallible>(Response::new(Full::new(text))) }
            });
            // Who asked is gone: nobody is left to be told.
            Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service)
                .await
                .ok();
        });
    }
}

/// Makes the file, and waits until somebody has removed it.
async fn until_gone(file: &Path) -> anyhow::Result<()> {
    std::fs::write(file, []).with_context(|| format!("--ledger-file {}", file.display()))?;
    while file.exists() {
        tokio::time::sleep(EVERY).await;
    }
    Ok(())
}
