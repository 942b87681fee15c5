//! Options of connections.

use std::time::Duration;

use crate::listen;

/// Connection limits of each port.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct DoorArgs {
    /// Maximum number of connections of each port. If not given, 10000 or what the limit of open files allows, which is
    /// raised at start as far as possible.
    #[arg(
        long,
        env = "EVENT_GRPC_MAX_CONNECTIONS",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000),
        value_name = "COUNT"
    )]
    max_connections: Option<u32>,
    /// Maximum number of connections of one address; if not given, a quarter of the above, 2000 at most. All
    /// connections through a proxy are of one address.
    #[arg(
        long,
        env = "EVENT_GRPC_MAX_CONNECTIONS_PER_ADDRESS",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000),
        value_name = "COUNT"
    )]
    max_connections_per_address: Option<u32>,
    /// Idle timeout of HTTP/1 connections, in seconds. It should be longer than your load balancer keeps its
    /// connections.
    #[arg(
        long,
        env = "EVENT_GRPC_IDLE_SECONDS",
        default_value_t = 75,
        value_parser = clap::value_parser!(u64).range(1..=86_400),
        value_name = "SECONDS"
    )]
    idle_seconds: u64,
}

impl DoorArgs {
    /// Connection limits, after the limit of open files is raised.
    pub(super) fn limits(&self) -> listen::Limits {
        let descriptors = listen::descriptors::raise();
        let mut limits = listen::Limits::within(descriptors);
        limits.idle = Duration::from_secs(self.idle_seconds);
        if let Some(most) = self.max_connections {
            if most as usize > limits.connections && u64::from(most) * 2 > descriptors {
                tracing::warn!(
                    descriptors,
                    "The limit of open files is too low for --max-connections."
                );
            }
            limits.connections = most as usize;
        }
        limits.of_one_address = match self.max_connections_per_address {
            Some(most) => most as usize,
            None => listen::Limits::of_one(limits.connections),
        };
        limits
    }
}
