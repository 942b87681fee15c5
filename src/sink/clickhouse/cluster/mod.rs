//! A ClickHouse cluster as a destination: a block goes straight into the table of its shard, at one of its replicas.

mod topology;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{Address, ClickHouse, exception};
use crate::contract::{Cluster as Declared, Database, Pipeline, Table};
use crate::sink::{Fault, Rows, Store, StoreError};
pub use topology::{Host, hosts};
use topology::{Topology, discover};

/// Age from which the cluster is looked at again, while inserts go on.
const FRESH: Duration = Duration::from_secs(10);

/// Age from which no insert is made before it was looked at again.
const STALE: Duration = Duration::from_secs(20);

/// Cluster of one database. Clones share what is known of it.
#[derive(Clone)]
pub struct Cluster {
    /// The database at the host that the URL names; queries go there.
    main: ClickHouse,
    declared: Declared,
    state: Arc<State>,
}

struct State {
    /// What was seen last, and when.
    seen: RwLock<Option<(Arc<Topology>, Instant)>>,
    /// Lock of the one who looks.
    looking: Mutex<()>,
    /// The replica of each shard that took the last block.
    preferred: Vec<AtomicUsize>,
}

impl Cluster {
    /// Cluster that a database of a pipeline is spread over; none if it is on one server. Nothing is sent yet.
    pub fn of(main: &ClickHouse, pipeline: &Pipeline) -> Option<Self> {
        let tables = main.tables(pipeline);
        let sharding = tables.iter().find_map(|table| table.sharding())?;
        Some(Cluster {
            main: main.clone(),
            declared: sharding.cluster,
            state: Arc::new(State {
                seen: RwLock::default(),
                looking: Mutex::default(),
                preferred: sharding
                    .shards
                    .iter()
                    .map(|_| AtomicUsize::new(0))
                    .collect(),
            }),
        })
    }

    /// What is declared of it.
    pub fn declared(&self) -> Declared {
        self.declared
    }

    /// Number of its shards, as declared.
    pub fn shards(&self) -> usize {
        self.state.preferred.len()
    }

    /// The database at the host that the URL names.
    pub fn main(&self) -> &ClickHouse {
        &self.main
    }

    /// Store of each shard, in order.
    pub fn stores(&self) -> Vec<Arc<dyn Store>> {
        let store = |home| -> Arc<dyn Store> {
            let cluster = self.clone();
            Arc::new(Shard { cluster, home })
        };
        (0..self.shards()).map(store).collect()
    }

    /// What is known of the hosts, not too old.
    async fn topology(&self) -> Result<Arc<Topology>, StoreError> {
        let seen = || {
            let seen = self
                .state
                .seen
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            seen.clone()
        };
        let known = seen();
        let age = known.as_ref().map(|(_, at)| at.elapsed());
        if let (Some((topology, _)), Some(age)) = (&known, age)
            && age < FRESH
        {
            return Ok(Arc::clone(topology));
        }
        let looking = match (known, age) {
            // Somebody looks already, and what is known will do until then.
            (Some((topology, _)), Some(age)) if age < STALE => {
                match self.state.looking.try_lock() {
                    Ok(looking) => looking,
                    Err(_) => return Ok(topology),
                }
            }
            _ => self.state.looking.lock().await,
        };
        if let Some((topology, at)) = seen()
            && at.elapsed() < FRESH
        {
            return Ok(topology);
        }
        let before = seen().map(|(topology, _)| topology);
        let found = discover(&self.main, self.declared, self.shards(), before.as_deref()).await;
        let found = found.map(Arc::new);
        let mut seen = self
            .state
            .seen
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *seen = found
            .as_ref()
            .ok()
            .map(|topology| (Arc::clone(topology), Instant::now()));
        drop(seen);
        drop(looking);
        found
    }

    /// Replicas of a shard, the one that took the last block first.
    pub(super) async fn replicas(&self, shard: usize) -> Result<Vec<ClickHouse>, StoreError> {
        let topology = self.topology().await?;
        let mut replicas = topology.replicas(shard).to_vec();
        if replicas.is_empty() {
            let message = format!(
                "no host of shard {} of cluster {} answers",
                shard + 1,
                self.declared.name
            );
            return Err(exception::failed(Fault::Destination, message));
        }
        let preferred = self.state.preferred.get(shard);
        let first = preferred.map_or(0, |p| p.load(Ordering::Relaxed)) % replicas.len();
        replicas.rotate_left(first);
        Ok(replicas)
    }

    /// Asks one replica of a shard after the other until one says yes.
    async fn at_any<'a>(
        &'a self,
        shard: usize,
        ask: impl Fn(ClickHouse) -> BoxFuture<'a, Result<(), StoreError>>,
    ) -> Result<(), StoreError> {
        let mut failed: Option<StoreError> = None;
        for replica in self.replicas(shard).await? {
            let Err(error) = ask(replica).await else {
                return Ok(());
            };
            if matches!(error.fault, Fault::Content | Fault::Excess) {
                return Err(error);
            }
            if let Some(preferred) = self.state.preferred.get(shard) {
                preferred.fetch_add(1, Ordering::Relaxed);
            }
            // If one of them may have stored the block, that must be known.
            failed = match failed {
                Some(before) if before.fault.may_pass() => Some(before),
                _ => Some(error),
            };
        }
        failed.map_or(Ok(()), Err)
    }
}

/// Shard of a cluster as a store. Its probes are about this shard; a block goes to the shard of its rows.
struct Shard {
    cluster: Cluster,
    home: usize,
}

impl Store for Shard {
    fn store<'a>(
        &'a self,
        rows: Rows<'a>,
        token: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            let shards = rows
                .block
                .table()
                .sharding()
                .and_then(|s| s.shards_of(rows.block));
            let shard = match shards.as_deref() {
                Some([]) => return Ok(()),
                Some([first, others @ ..]) if others.iter().all(|other| other == first) => {
                    usize::from(*first)
                }
                _ => {
                    let message = "the rows of a block are of several shards".to_owned();
                    return Err(exception::failed(Fault::Content, message));
                }
            };
            let store =
                move |replica: ClickHouse| async move { replica.store(rows, token).await }.boxed();
            self.cluster.at_any(shard, store).await
        }
        .boxed()
    }

    fn probe<'a>(&'a self, table: &'static Table) -> BoxFuture<'a, Result<(), StoreError>> {
        let ask = move |replica: ClickHouse| async move { replica.probe(table).await }.boxed();
        self.cluster.at_any(self.home, ask).boxed()
    }
}

/// The database of a cluster at one of its hosts.
fn at_host(main: &ClickHouse, address: Address, quorum: bool) -> Result<ClickHouse, StoreError> {
    let store = ClickHouse::new(address)
        .map_err(|error| exception::failed(Fault::Destination, error.to_string()))?;
    let database: Option<&'static Database> = main.database;
    Ok(ClickHouse {
        database,
        room: main.room.clone(),
        ..store.local(quorum)
    })
}
