//! Connection slots of a port: limits in all and of each address, and eviction when there is no room.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use metrics::Gauge;

use super::limits::Limits;
use super::peer::Peer;
use crate::metrics::connections;

/// Pause after an eviction that found nobody: each search goes through all connections.
const BARREN: Duration = Duration::from_millis(50);

/// Fraction of a full port that is evicted at once, so that searches are rare.
const PART: usize = 16;

/// Connection slots of a port.
pub(super) struct ConnectionSlots {
    door: &'static str,
    limits: Arc<Limits>,
    taken: Mutex<Taken>,
    gauge: Gauge,
}

#[derive(Default)]
struct Taken {
    connected: HashMap<u64, Arc<Peer>>,
    of: HashMap<IpAddr, AddressConnections>,
    next: u64,
    /// Time until which searching for a connection to evict is pointless.
    barren: Option<Instant>,
}

/// Connections of one address.
#[derive(Default)]
struct AddressConnections {
    count: usize,
    /// Time until which searching among these is pointless.
    barren: Option<Instant>,
}

/// Slot of a connection. It is freed when this is dropped.
pub(super) struct ConnectionSlot {
    places: Arc<ConnectionSlots>,
    id: u64,
    peer: Arc<Peer>,
}

impl ConnectionSlots {
    pub(super) fn new(door: &'static str, limits: Arc<Limits>) -> Self {
        ConnectionSlots {
            door,
            limits,
            taken: Mutex::default(),
            gauge: connections::OPEN.with([door]),
        }
    }

    /// Number of open connections.
    pub(super) fn open(&self) -> usize {
        self.lock().connected.len()
    }

    /// Takes a slot for a connection of this address. If there is none, idle connections are evicted, those first that
    /// never had a request; if there are none, it returns none.
    pub(super) fn take(self: &Arc<Self>, address: SocketAddr) -> Option<ConnectionSlot> {
        let key = one_address(address.ip());
        let mut taken = self.lock();
        let most = self.limits.of_one_address;
        if taken.of.get(&key).is_some_and(|of| of.count >= most) && !taken.leave_of(key, part(most))
        {
            drop(taken);
            return self.refuse(address, "address");
        }
        let most = self.limits.connections;
        if taken.connected.len() >= most && !taken.leave(part(most)) {
            drop(taken);
            return self.refuse(address, "limit");
        }
        let id = taken.next;
        taken.next += 1;
        let peer = Arc::new(Peer::new(self.door, address, Arc::clone(&self.limits)));
        taken.connected.insert(id, Arc::clone(&peer));
        taken.of.entry(key).or_default().count += 1;
        drop(taken);
        self.gauge.increment(1.0);
        Some(ConnectionSlot {
            places: Arc::clone(self),
            id,
            peer,
        })
    }

    /// Evicts a quarter of the idle connections. Returns true if there were any.
    pub(super) fn make_room(&self) -> bool {
        let mut taken = self.lock();
        let some = (taken.connected.len() / 4).max(1);
        taken.leave(some)
    }

    fn refuse(&self, address: SocketAddr, reason: &'static str) -> Option<ConnectionSlot> {
        connections::REFUSED.with([self.door, reason]).increment(1);
        tracing::debug!(door = self.door, peer = %address, reason, "A connection was refused.");
        None
    }

    fn give_back(&self, id: u64, address: IpAddr) {
        let mut taken = self.lock();
        let key = one_address(address);
        taken.remove(id, key);
        taken.barren = None;
        if let Some(of) = taken.of.get_mut(&key) {
            of.barren = None;
        }
        drop(taken);
        self.gauge.decrement(1.0);
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn leave(&mut self, count: usize) -> bool {
        if self.barren.is_some_and(|until| Instant::now() < until) {
            return false;
        }
        let some = self.tell_to_leave(count, |_| true);
        self.barren = (!some).then(|| Instant::now() + BARREN);
        some
    }

    fn leave_of(&mut self, one: IpAddr, count: usize) -> bool {
        let barren = self.of.get(&one).and_then(|of| of.barren);
        if barren.is_some_and(|until| Instant::now() < until) {
            return false;
        }
        let some = self.tell_to_leave(count, |peer| one_address(peer.address().ip()) == one);
        if let Some(of) = self.of.get_mut(&one) {
            of.barren = (!some).then(|| Instant::now() + BARREN);
        }
        some
    }

    /// Evicts up to so many of these. Their slots are free at once.
    fn tell_to_leave(&mut self, count: usize, whom: impl Fn(&Peer) -> bool) -> bool {
        let mut idle: Vec<_> = self
            .connected
            .iter()
            .filter(|(_, peer)| whom(peer))
            .filter_map(|(id, peer)| Some((peer.idle()?, *id)))
            .collect();
        idle.sort_unstable();
        idle.truncate(count);
        for (_, id) in &idle {
            if let Some(peer) = self.connected.get(id).cloned() {
                peer.evict();
                self.remove(*id, one_address(peer.address().ip()));
            }
        }
        !idle.is_empty()
    }

    fn remove(&mut self, id: u64, key: IpAddr) {
        if self.connected.remove(&id).is_none() {
            return;
        }
        if let Some(of) = self.of.get_mut(&key) {
            of.count -= 1;
            if of.count == 0 {
                self.of.remove(&key);
            }
        }
    }
}

impl ConnectionSlot {
    pub(super) fn peer(&self) -> &Arc<Peer> {
        &self.peer
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.places.give_back(self.id, self.peer.address().ip());
    }
}

fn part(of: usize) -> usize {
    (of / PART).max(1)
}

/// Key by which connections are counted as one address: of IPv6 the /64.
pub fn one_address(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let network = u128::from(address) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(network))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]

    use super::*;

    fn places(connections: usize, of_one_address: usize) -> Arc<ConnectionSlots> {
        let limits = Limits {
            connections,
            of_one_address,
            ..Limits::default()
        };
        Arc::new(ConnectionSlots::new("http", Arc::new(limits)))
    }

    fn from(last: u8) -> SocketAddr {
        ([10, 0, 0, last], 1).into()
    }

    #[test]
    fn the_silent_leave_first_and_the_busy_never() {
        let places = places(3, 3);
        let busy = places.take(from(1)).expect("there is room");
        let asks = busy.peer().request(http::Version::HTTP_11);
        let used = places.take(from(2)).expect("there is room");
        drop(used.peer().request(http::Version::HTTP_11));
        let silent = places.take(from(3)).expect("there is room");
        let newcomer = places.take(from(4)).expect("the silent one leaves");
        assert!(silent.peer().is_evicted());
        let asks_too = newcomer.peer().request(http::Version::HTTP_11);
        let another = places.take(from(5)).expect("the idle one leaves");
        assert!(used.peer().is_evicted() && !busy.peer().is_evicted());
        let asks_three = another.peer().request(http::Version::HTTP_11);
        assert!(places.take(from(6)).is_none());
        drop((silent, used));
        assert_eq!(places.open(), 3);
        drop((asks, asks_too, asks_three, busy));
        assert!(places.take(from(6)).is_some());
    }

    #[test]
    fn one_address_has_its_part_and_no_more() {
        let places = places(10, 2);
        let first = places.take(from(1)).expect("there is room");
        let asks = first.peer().request(http::Version::HTTP_2);
        let second = places.take(from(1)).expect("there is room");
        let asks_too = second.peer().request(http::Version::HTTP_2);
        assert!(places.take(from(1)).is_none());
        assert!(places.take(from(2)).is_some());
        drop((asks, asks_too));
        drop(first);
        assert!(places.take(from(1)).is_some());
        let v6 = |text: &str| one_address(text.parse().expect("an address"));
        assert_eq!(v6("2001:db8::1"), v6("2001:db8::2"));
        assert_ne!(v6("2001:db8::1"), v6("2001:db8:1::1"));
        assert_eq!(v6("::ffff:10.0.0.1"), IpAddr::from([10, 0, 0, 1]));
    }
}
