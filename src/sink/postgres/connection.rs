//! Connection pool of PostgreSQL, with a limit on how long anything may take.

use std::time::Duration;

use deadpool_postgres::{
    ConfigConnectImpl, Connect, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod,
    Runtime, TimeoutType,
};
use tokio_postgres::NoTls;

use super::hosts::Hosts;
use super::tls::Connector;
use super::{Address, Postgres, address_tls, sqlstate};
use crate::sink::{Fault, StoreError};
use crate::tls::TlsError;

/// Pool size: one connection for each table's batcher, one for probes, and some spare ones.
const CONNECTIONS: usize = 16;

/// Time limit for a usable connection: name lookup, handshake and login together.
const CREATE_LIMIT: Duration = Duration::from_secs(10);
/// Time limit of waiting for a connection of the pool.
const WAIT_LIMIT: Duration = Duration::from_secs(10);

/// Error while setting up the connections.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The certificates can't be read.
    #[error("TLS for PostgreSQL can't be set up: {0}")]
    Tls(#[from] TlsError),
    /// The pool can't be created.
    #[error("the connections to PostgreSQL can't be set up")]
    Pool(#[from] deadpool_postgres::BuildError),
}

/// Creates the pool. No connection is opened yet.
pub(super) fn pool(address: &Address) -> Result<Pool, ConnectError> {
    let config = address.config().clone();
    let reuse = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let connect: Box<dyn Connect> = match address.tls() {
        Some(tls) => Box::new(ConfigConnectImpl {
            tls: Connector::new(tls.clone())?,
        }),
        None => Box::new(ConfigConnectImpl { tls: NoTls }),
    };
    let hosts = Hosts::new(&config, connect, address.time_limit_of_one());
    let manager = Manager::from_connect(config, hosts, reuse);
    Ok(Pool::builder(manager)
        .max_size(CONNECTIONS)
        .create_timeout(Some(CREATE_LIMIT.max(address.time_limit())))
        .wait_timeout(Some(WAIT_LIMIT))
        .runtime(Runtime::Tokio1)
        .build()?)
}

/// Takes a connection from the pool. An error here means that nothing was stored.
pub(super) async fn get(store: &Postgres) -> Result<Object, StoreError> {
    store.pool.get().await.map_err(|error| match error {
        PoolError::Backend(error) => {
            let mut judged = sqlstate::unreachable(&error);
            if store.address.tls().is_some()
                && let Some(why) = address_tls::silent_end(&error)
            {
                judged.message = why;
            }
            judged
        }
        PoolError::Timeout(TimeoutType::Wait) => sqlstate::failed(
            Fault::Transient,
            String::from("all connections to PostgreSQL are in use"),
        ),
        PoolError::Timeout(_) => sqlstate::failed(
            Fault::Destination,
            String::from("PostgreSQL didn't take a connection in time"),
        ),
        other => sqlstate::failed(Fault::Destination, other.to_string()),
    })
}

/// Drops a connection after an error of its server, and all idle ones: they lead to the same server, and a new one
/// finds another host if there is one.
pub(super) fn leave(pool: &Pool, connection: Object) {
    drop(Object::take(connection));
    drop(pool.retain(|_, _| false));
}
