//! Listeners of an instance: events over gRPC, events over HTTP, and operations.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Config;
use crate::contract::Pipeline;
use crate::grpc;
use crate::ingest::seen;
use crate::ingest::sources::Sources;
use crate::listen::{self, Door};
use crate::ops::access::Access;
use crate::ops::router::{self, Operations};
use crate::tap::Taps;
use crate::tls::ServerTls;

/// Time limit for open requests to operations at the very end.
const OPERATIONS_DRAIN: Duration = Duration::from_secs(1);

/// Bound listeners.
pub(super) struct Listeners {
    grpc: TcpListener,
    http: TcpListener,
    ops: TcpListener,
}

/// Listen addresses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addresses {
    pub(super) grpc: SocketAddr,
    pub(super) http: SocketAddr,
    pub(super) ops: SocketAddr,
}

/// What each of them answers.
pub(super) struct Routers {
    grpc: Router,
    http: Router,
    ops: Router,
}

/// Running servers.
pub(super) struct Servers {
    /// Those of events, until they are told to drain.
    pub(super) events: JoinSet<()>,
    /// That of operations, which goes on until everything else has ended.
    pub(super) ops: JoinSet<()>,
}

impl Listeners {
    /// Binds the configured addresses.
    pub(super) async fn bind(config: &Config) -> anyhow::Result<Self> {
        Ok(Listeners {
            grpc: bind(config.grpc_listen, "gRPC").await?,
            http: bind(config.http_listen, "HTTP").await?,
            ops: bind(config.ops.listen, "Operations (--ops-listen)").await?,
        })
    }

    /// Their addresses.
    pub(super) fn addresses(&self) -> std::io::Result<Addresses> {
        Ok(Addresses {
            grpc: self.grpc.local_addr()?,
            http: self.http.local_addr()?,
            ops: self.ops.local_addr()?,
        })
    }

    /// Serves all of them: events until `serving` is cancelled, and operations until `operating` is.
    pub(super) fn serve(
        self,
        routers: Routers,
        tls: Option<ServerTls>,
        taps: &Taps,
        doors: &listen::Limits,
        serving: &CancellationToken,
        operating: &CancellationToken,
    ) -> Servers {
        let mut events = JoinSet::new();
        let look = seen::refused(taps.clone());
        let door = |name| Door::seen_by(name, look.clone());
        for (listener, door, router) in [
            (self.grpc, door("grpc"), routers.grpc),
            (self.http, door("http"), routers.http),
        ] {
            let stop = super::until(serving);
            let (limits, tls) = (doors.clone(), tls.clone());
            events.spawn(listen::serve_tls(listener, door, router, limits, tls, stop));
        }
        let limits = listen::Limits {
            drain: OPERATIONS_DRAIN,
            ..doors.of_operations()
        };
        let mut ops = JoinSet::new();
        let stop = super::until(operating);
        ops.spawn(listen::serve_tls(
            self.ops,
            door("ops"),
            routers.ops,
            limits,
            tls,
            stop,
        ));
        Servers { events, ops }
    }
}

impl Routers {
    /// What an instance answers on each port. With `legacy` the ports of events have operations as well.
    pub(super) fn new(
        pipeline: &'static Pipeline,
        sources: &Sources,
        operations: &Operations,
        access: Access,
        legacy: bool,
    ) -> anyhow::Result<Self> {
        let health = &operations.health;
        let reflection = grpc::reflection(pipeline.descriptors)?;
        let (beside_grpc, beside_http) = match legacy {
            true => (reflection.clone(), router::legacy(operations)),
            false => (grpc::no_reflection(), router::elsewhere()),
        };
        let services = grpc::health(pipeline, health).merge(reflection);
        Ok(Routers {
            grpc: sources.grpc(health, beside_grpc),
            http: sources.http(health.clone()).merge(beside_http),
            ops: router::router(operations, services, access),
        })
    }
}

/// TLS of the ports, if it is configured. A strict start fails if the certificate isn't valid now.
pub(super) fn secured(config: &Config) -> anyhow::Result<Option<ServerTls>> {
    let Some(files) = config.tls.clone() else {
        return Ok(None);
    };
    let tls = ServerTls::open(files).context("TLS")?;
    match tls.trouble() {
        Some(error) if config.strict => Err(error).context("TLS"),
        _ => Ok(Some(tls)),
    }
}

async fn bind(address: SocketAddr, what: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("{what} can't listen on {address}; is another server running there?")
    })
}
