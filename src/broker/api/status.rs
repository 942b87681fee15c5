//! State of the broker, for health checks and for those who wait for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::topology::TopologyError;

/// State of the broker.
#[derive(Debug, Clone)]
pub struct Status {
    /// The connection.
    pub link: Link,
    /// Declarations that differ from this pipeline's; the rest works.
    pub problems: Arc<[TopologyError]>,
    /// The queues that can't be consumed though somebody wants to, and why.
    pub not_consumed: Arc<Troubles>,
    /// The exchanges that take no messages, and why. The default one has no name.
    pub shut: Arc<Troubles>,
    /// The queues whose messages the broker deletes before long if nobody settles them.
    pub late: Arc<Troubles>,
}

/// Problems, by name, and the reason.
pub type Troubles = BTreeMap<&'static str, String>;

/// The state of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Messages come and go.
    Up,
    /// There is no connection; it is tried again without end.
    Down {
        /// Since when.
        since: SystemTime,
        /// Cause of the lost connection.
        reason: String,
    },
    /// Connected, but the broker takes no messages.
    Blocked {
        /// Since when.
        since: SystemTime,
        /// Answer of the broker.
        reason: String,
    },
    /// Closed by us, for good.
    Closed,
}

impl Status {
    /// A status without problems of topology.
    pub(in crate::broker) fn of(link: Link) -> Self {
        Self {
            link,
            problems: Arc::new([]),
            not_consumed: Arc::default(),
            shut: Arc::default(),
            late: Arc::default(),
        }
    }

    /// True if messages come and go and the topology is as declared.
    pub fn is_good(&self) -> bool {
        self.link == Link::Up
            && self.problems.is_empty()
            && self.not_consumed.is_empty()
            && self.shut.is_empty()
    }
}
