//! Failover between the hosts of an address: each is tried with a time limit, the last good one first.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::Connect;
use futures_util::future::BoxFuture;
use rand::seq::SliceRandom as _;
use tokio::task::JoinHandle;
use tokio_postgres::config::{Host, LoadBalanceHosts};
use tokio_postgres::{Client, Config, Error};

/// Connector to one of several hosts. A host that accepts connections and doesn't answer, as a frozen one does, would
/// keep the client's own search from getting to the next.
pub(super) struct Hosts {
    each: Vec<Config>,
    connect: Box<dyn Connect>,
    /// Index of the last good host.
    good: AtomicUsize,
    shuffled: bool,
    /// Time limit of one host: name lookup, handshake and login.
    limit: Duration,
}

impl Hosts {
    /// Creates a connector to the hosts of an address.
    pub(super) fn new(config: &Config, connect: Box<dyn Connect>, limit: Duration) -> Self {
        Hosts {
            each: (0..count(config)).map(|at| only(config, at)).collect(),
            connect,
            good: AtomicUsize::new(0),
            shuffled: config.get_load_balance_hosts() == LoadBalanceHosts::Random,
            limit,
        }
    }

    /// Indexes of the hosts in the order in which they are tried.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.each.len()).collect();
        if self.shuffled {
            order.shuffle(&mut rand::rng());
        } else if let Some(at) = order
            .iter()
            .position(|at| *at == self.good.load(Ordering::Relaxed))
        {
            let good = order.remove(at);
            order.insert(0, good);
        }
        order
    }
}

impl Connect for Hosts {
    /// Connects to the first usable host; otherwise returns the last one's error. The caller limits the total time, so
    /// that the last host needs no limit.
    fn connect(&self, config: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        let whole = config.clone();
        Box::pin(async move {
            let order = self.order();
            let Some((last, others)) = order.split_last() else {
                return self.connect.connect(&whole).await;
            };
            for at in others {
                let Some(host) = self.each.get(*at) else {
                    continue;
                };
                match tokio::time::timeout(self.limit, self.connect.connect(host)).await {
                    Ok(Ok(connected)) => {
                        self.good.store(*at, Ordering::Relaxed);
                        return Ok(connected);
                    }
                    Ok(Err(error)) => {
                        tracing::debug!(%error, "A PostgreSQL host can't be used; the next one is tried.")
                    }
                    Err(_) => {
                        tracing::debug!("A PostgreSQL host does not answer; the next one is tried.")
                    }
                }
            }
            let host = self.each.get(*last).unwrap_or(&whole);
            let connected = self.connect.connect(host).await?;
            self.good.store(*last, Ordering::Relaxed);
            Ok(connected)
        })
    }
}

/// Number of hosts of an address.
pub(super) fn count(config: &Config) -> usize {
    config.get_hosts().len().max(config.get_hostaddrs().len())
}

/// Address with one of its hosts only.
fn only(config: &Config, at: usize) -> Config {
    let mut one = Config::new();
    one.ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .target_session_attrs(config.get_target_session_attrs())
        .channel_binding(config.get_channel_binding())
        .load_balance_hosts(config.get_load_balance_hosts());
    if let Some(user) = config.get_user() {
        one.user(user);
    }
    if let Some(password) = config.get_password() {
        one.password(password);
    }
    if let Some(name) = config.get_dbname() {
        one.dbname(name);
    }
    if let Some(options) = config.get_options() {
        one.options(options);
    }
    if let Some(name) = config.get_application_name() {
        one.application_name(name);
    }
    if let Some(limit) = config.get_connect_timeout() {
        one.connect_timeout(*limit);
    }
    if let Some(limit) = config.get_tcp_user_timeout() {
        one.tcp_user_timeout(*limit);
    }
    if let Some(interval) = config.get_keepalives_interval() {
        one.keepalives_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        one.keepalives_retries(retries);
    }
    match config.get_hosts().get(at) {
        Some(Host::Tcp(name)) => {
            one.host(name.as_str());
        }
        #[cfg(unix)]
        Some(Host::Unix(path)) => {
            one.host_path(path);
        }
        None => {}
    }
    if let Some(address) = config.get_hostaddrs().get(at) {
        one.hostaddr(*address);
    }
    let ports = config.get_ports();
    if let Some(port) = ports.get(at).or(ports.first()) {
        one.port(*port);
    }
    one
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_host_keeps_all_that_is_said_of_every_one() {
        let url = "host=a,b port=1,2 hostaddr=127.0.0.1,127.0.0.2 user=u password=p dbname=d options=o \
                   application_name=n sslmode=require connect_timeout=3 tcp_user_timeout=4 keepalives=0 \
                   keepalives_idle=5 keepalives_interval=6 keepalives_retries=7 target_session_attrs=read-write \
                   channel_binding=require";
        let config: Config = url.parse().unwrap();
        assert_eq!(count(&config), 2);
        let second = url
            .replace("host=a,b port=1,2", "host=b port=2")
            .replace("hostaddr=127.0.0.1,127.0.0.2", "hostaddr=127.0.0.2");
        let second: Config = second.parse().unwrap();
        assert_eq!(only(&config, 1), second);
        let alike: Config = "postgres://u@a,b:1/d".parse().unwrap();
        assert_eq!(only(&alike, 0).get_ports(), [5432]);
    }
}
