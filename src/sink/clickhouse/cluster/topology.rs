//! Hosts of a cluster, as `system.clusters` tells them.

use futures_util::future::join_all;
use tokio::time::timeout;

use super::at_host;
use crate::contract::Cluster as Declared;
use crate::sink::clickhouse::{Address, ClickHouse, exception, quote};
use crate::sink::health::TIME_LIMIT;
use crate::sink::{Fault, StoreError};

/// A host of a cluster.
#[derive(Clone)]
pub struct Host {
    /// Its shard, from 0.
    pub shard: usize,
    /// Its place among the replicas of the shard, from 0.
    pub replica: usize,
    /// The database there. What is stored goes into the table of the shard.
    pub store: ClickHouse,
}

/// Hosts of a cluster, by shard.
pub(super) struct Topology {
    hosts: Vec<Host>,
    shards: Vec<Vec<ClickHouse>>,
    /// Number of hosts that the cluster has.
    all: usize,
}

impl Topology {
    /// Databases at the hosts of a shard.
    pub(super) fn replicas(&self, shard: usize) -> &[ClickHouse] {
        self.shards.get(shard).map_or(&[], Vec::as_slice)
    }
}

/// Row of `system.clusters`: shard, replica, host, weight, and whether it is the host that is asked.
type Row = (u32, u32, String, u32, u8);

/// Hosts of a cluster with so many shards, by shard and replica, each of which answers.
pub async fn hosts(
    main: &ClickHouse,
    declared: Declared,
    shards: usize,
) -> Result<Vec<Host>, StoreError> {
    let topology = discover(main, declared, shards, None).await?;
    let (there, all) = (topology.hosts.len(), topology.all);
    if there < all {
        return Err(wrong(format!(
            "{there} of the {all} hosts of cluster {} are named and answer; all are needed",
            declared.name
        )));
    }
    // One that was told of the cluster before the others were would carry rows to wrong shards.
    for host in &topology.hosts {
        fits(
            &ask(&host.store, declared.name).await?,
            declared,
            shards,
            host.store.address(),
        )?;
    }
    Ok(topology.hosts)
}

/// Looks at the cluster: at each host that the URL names, or at one, which tells of the others. Hosts that don't answer
/// are left out where the URL names them, as long as one does.
pub(super) async fn discover(
    main: &ClickHouse,
    declared: Declared,
    shards: usize,
    before: Option<&Topology>,
) -> Result<Topology, StoreError> {
    let named = main.address().hosts();
    let known = before.map_or(&[][..], |topology| &topology.hosts);
    let known_at = |address: &Address| {
        let mut known = known.iter().map(|host| &host.store);
        known
            .find(|store| store.address().url == address.url)
            .cloned()
    };
    let store_at = |address: &Address| match known_at(address) {
        Some(store) => Ok(store),
        None => at_host(main, address.clone(), declared.quorum),
    };
    let several = named.len() > 1;
    // Where one host is named, those that it told of may answer in its place.
    let told = known.iter().map(|host| host.store.address().clone());
    let seeds: Vec<Address> = match several {
        true => named,
        false => named.into_iter().chain(told).collect(),
    };
    let stores = seeds.iter().map(&store_at).collect::<Result<Vec<_>, _>>()?;
    let answers = join_all(stores.iter().map(|store| ask(store, declared.name))).await;
    let mut failed = None;
    let mut hosts: Vec<Host> = Vec::new();
    let mut rows: Option<Vec<Row>> = None;
    for (store, answer) in stores.iter().zip(answers) {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                failed.get_or_insert(error);
                continue;
            }
        };
        fits(&answer, declared, shards, store.address())?;
        if several {
            let Some((shard, replica, ..)) = answer.iter().find(|row| row.4 != 0) else {
                let message = format!(
                    "{} doesn't find itself in cluster {}: none of its hosts in system.clusters is local there",
                    store.address(),
                    declared.name
                );
                return Err(wrong(message));
            };
            hosts.push(host(*shard, *replica, store.clone()));
        }
        rows.get_or_insert(answer);
    }
    let Some(rows) = rows else {
        let error = failed.unwrap_or_else(|| wrong("no host is named".to_owned()));
        return Err(wrong(format!(
            "no host of cluster {} answers: {error}",
            declared.name
        )));
    };
    if !several {
        for (shard, replica, name, ..) in &rows {
            let address = main.address().at_host(name).ok_or_else(|| {
                wrong(format!(
                    "`{name}` of cluster {} is no name of a host",
                    declared.name
                ))
            })?;
            hosts.push(host(*shard, *replica, store_at(&address)?));
        }
    }
    hosts.sort_by_key(|host| (host.shard, host.replica));
    let of = |shard: usize| {
        let its = hosts.iter().filter(|host| host.shard == shard);
        its.map(|host| host.store.clone()).collect()
    };
    Ok(Topology {
        shards: (0..shards).map(of).collect(),
        all: rows.len(),
        hosts,
    })
}

async fn ask(store: &ClickHouse, cluster: &str) -> Result<Vec<Row>, StoreError> {
    let sql = format!(
        "SELECT toUInt32(shard_num), toUInt32(replica_num), host_name, toUInt32(shard_weight), toUInt8(is_local) FROM \
         system.clusters WHERE cluster = {} ORDER BY shard_num, replica_num",
        quote::text(cluster)
    );
    match timeout(TIME_LIMIT, store.rows::<Row>(&sql)).await {
        Ok(rows) => rows,
        Err(_) => Err(wrong(format!("{} doesn't answer", store.address()))),
    }
}

/// Refuses a cluster that isn't what is declared: rows would be on shards where nobody looks for them.
fn fits(
    rows: &[Row],
    declared: Declared,
    shards: usize,
    address: &Address,
) -> Result<(), StoreError> {
    let name = declared.name;
    let there = rows.iter().map(|row| row.0).max().unwrap_or_default() as usize;
    let why = if rows.is_empty() {
        format!("{address} knows no cluster {name} (system.clusters)")
    } else if there != shards {
        format!(
            "cluster {name} has {there} shards at {address}, and this build knows {shards}; a build with `shards: {there}` \
             goes on (docs/clusters.md)"
        )
    } else if let Some(row) = rows.iter().find(|row| row.3 != 1) {
        format!(
            "shard {} of cluster {name} has the weight {}; all must have 1",
            row.0, row.3
        )
    } else if !declared.replicated && rows.len() > shards {
        format!(
            "cluster {name} has several hosts a shard, whose tables would differ: `replicated: false` is for one host a shard"
        )
    } else {
        return Ok(());
    };
    Err(wrong(why))
}

fn host(shard: u32, replica: u32, store: ClickHouse) -> Host {
    let place = |number: u32| number.saturating_sub(1) as usize;
    Host {
        shard: place(shard),
        replica: place(replica),
        store,
    }
}

fn wrong(message: String) -> StoreError {
    exception::failed(Fault::Destination, message)
}
