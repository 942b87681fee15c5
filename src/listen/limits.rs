//! What bounds connections: how many, how long they may be silent, how slow they may be.

use std::time::Duration;

/// The most connections of a port, whatever the descriptors allow.
const MOST: usize = 10_000;

/// The most connections of one address, unless the operator says otherwise, and the part of all that they are at most.
/// Proxies have many.
const MOST_OF_ONE: usize = 2_000;
const PART_OF_ONE: usize = 4;

/// Descriptors that are not for connections, at least and at most: brokers, databases, files.
const RESERVE: (u64, u64) = (32, 4_096);

/// What bounds the connections of one port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How many there may be.
    pub connections: usize,
    /// How many of them may come from one address; of IPv6, from one /64.
    pub of_one_address: usize,
    /// How long a connection may take to say something, and the head of an HTTP/1 request to be complete.
    pub silence: Duration,
    /// How long an HTTP/1 connection is kept without a request.
    pub idle: Duration,
    /// How long an HTTP/2 connection is kept without a call.
    pub idle_http2: Duration,
    /// How long an HTTP/2 connection is kept at all, so that clients spread over instances; a tenth more or less.
    pub age: Duration,
    /// How long what is asked for may take once a connection is told to end.
    pub grace: Duration,
    /// The same once the server ends.
    pub drain: Duration,
    /// How long a client may read nothing. All of an answer may take twice as long.
    pub unread: Duration,
    /// How long what a client still sends is thrown away after it was refused, so that it can read why.
    pub linger: Duration,
    /// How fast bodies have to come.
    pub pace: Pace,
}

/// How fast bodies have to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long a body may take in all.
    pub longest: Duration,
    /// In each such time …
    pub window: Duration,
    /// … so many bytes have to come, until it is complete.
    pub least: usize,
    /// A body that made no progress for so long is given up when its room is needed for others.
    pub patience: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            longest: Duration::from_secs(30),
            window: Duration::from_secs(10),
            least: 10 << 10,
            patience: Duration::from_millis(500),
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
    /// The defaults for a process that may open so many descriptors and has two ports.
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

    /// How many connections one address may have of so many, unless the operator says otherwise.
    pub fn of_one(connections: usize) -> usize {
        (connections / PART_OF_ONE).clamp(1, MOST_OF_ONE)
    }

    /// How often a connection is looked at.
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
        assert_eq!(Limits::within(8).of_one_address, 1);
    }
}
