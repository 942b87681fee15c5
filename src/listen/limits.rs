//! Connection limits: how many, how long they may be silent, and how slow they may be.

use std::time::Duration;

/// Maximum number of connections of a port, whatever the descriptors allow.
const MOST: usize = 10_000;

/// Maximum number of connections of one address, unless configured, and its share of the port's limit. Proxies have
/// many.
const MOST_OF_ONE: usize = 2_000;
const PART_OF_ONE: usize = 4;

/// Maximum number of connections of the operations listener, and its share beside those of a port of events. They come out
/// of the reserve below.
const MOST_OF_OPERATIONS: usize = 128;
const PART_OF_OPERATIONS: usize = 8;

/// Minimum and maximum number of descriptors reserved for everything but connections: brokers, databases, files.
const RESERVE: (u64, u64) = (32, 4_096);

/// Limits of the connections of one port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of connections.
    pub connections: usize,
    /// Maximum number of connections of one address; of IPv6, of one /64.
    pub of_one_address: usize,
    /// Timeout for the first bytes of a connection and for the head of an HTTP/1 request.
    pub silence: Duration,
    /// Idle timeout of an HTTP/1 connection.
    pub idle: Duration,
    /// Idle timeout of an HTTP/2 connection.
    pub idle_http2: Duration,
    /// Maximum age of an HTTP/2 connection, so that clients spread over instances; a tenth more or less.
    pub age: Duration,
    /// Time limit for open requests once a connection is told to close.
    pub grace: Duration,
    /// Time limit for open requests once the server stops.
    pub drain: Duration,
    /// Timeout of a client that reads nothing. A whole answer may take twice as long.
    pub unread: Duration,
    /// How long bytes after a refusal are discarded, so that the client can read the answer.
    pub linger: Duration,
    /// Minimum pace of request bodies.
    pub pace: Pace,
}

/// Minimum pace of request bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Maximum duration of a whole body.
    pub longest: Duration,
    /// In each window …
    pub window: Duration,
    /// … at least so many bytes have to arrive, until the body is complete.
    pub least: usize,
    /// A body that made no progress for so long is aborted when its room is needed for others.
    pub time_limit: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            longest: Duration::from_secs(30),
            window: Duration::from_secs(10),
            least: 10 << 10,
            time_limit: Duration::from_millis(500),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: MOST,
            of_one_address: MOST_OF_ONE,
            silence: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            idle_http2: Duration::from_secs(300),
            age: Duration::from_secs(1_800),
            grace: Duration::from_secs(60),
            drain: Duration::from_secs(15),
            unread: Duration::from_secs(30),
            linger: Duration::from_secs(5),
            pace: Pace::default(),
        }
    }
}

impl Limits {
    /// Defaults of a port of events, for a process with two of them and so many descriptors.
    pub fn within(descriptors: u64) -> Self {
        let reserve = (descriptors / 4).clamp(RESERVE.0, RESERVE.1);
        let each = descriptors.saturating_sub(reserve) / 2;
        let connections = usize::try_from(each).unwrap_or(MOST).clamp(4, MOST);
        Limits {
            connections,
            of_one_address: Limits::of_one(connections),
            ..Limits::default()
        }
    }

    /// Limits of the operations listener, which has few connections. All may be of one address, as behind a proxy.
    pub fn of_operations(&self) -> Self {
        let connections = (self.connections / PART_OF_OPERATIONS).clamp(4, MOST_OF_OPERATIONS);
        Limits {
            connections,
            of_one_address: connections,
            ..self.clone()
        }
    }

    /// Default limit of one address, for so many connections in all.
    pub fn of_one(connections: usize) -> usize {
        (connections / PART_OF_ONE).clamp(1, MOST_OF_ONE)
    }

    /// Interval at which a connection is checked.
    pub(super) fn tick(&self) -> Duration {
        let shortest = self
            .silence
            .min(self.idle)
            .min(self.idle_http2)
            .min(self.unread);
        (shortest / 4).clamp(Duration::from_millis(20), Duration::from_secs(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_everything_else() {
        assert_eq!(Limits::within(1 << 20).connections, MOST);
        assert_eq!(Limits::within(1 << 20).of_one_address, MOST_OF_ONE);
        assert_eq!(Limits::within(1024).connections, 384);
        assert_eq!(Limits::within(1024).of_one_address, 96);
        assert_eq!(Limits::within(64).connections, 16);
        assert_eq!(Limits::within(8).connections, 4);
        let of_operations = |descriptors| Limits::within(descriptors).of_operations().connections;
        assert_eq!([64, 1024, 1 << 20].map(of_operations), [4, 48, 128]);
        assert_eq!(Limits::within(8).of_one_address, 1);
    }
}
