//! Endpoint of a running engine: what an instance leaves in its data directory for `event-grpc clickhouse`.

use std::fs;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use super::place::{self, Place};

/// Name of the file in the data directory.
const FILE: &str = "clickhouse.port";

/// Loopback port of a run, on which the engine serves HTTP.
///
/// There is no other one: an engine of this kind ends when a login over its native protocol fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// HTTP port.
    pub http: u16,
}

impl Endpoint {
    /// A fixed port, or a free one.
    pub(super) fn choose(fixed: Option<u16>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, fixed.unwrap_or(0)))?;
        Ok(Self {
            http: listener.local_addr()?.port(),
        })
    }

    /// Endpoint of the instance that runs with this data directory; none if no instance does.
    pub fn of_running(directory: &Path) -> io::Result<Option<Self>> {
        if !place::is_locked(directory)? {
            return Ok(None);
        }
        let text = match fs::read_to_string(directory.join(FILE)) {
            // The instance is just starting.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text?,
        };
        match text.trim().parse() {
            Ok(http) => Ok(Some(Self { http })),
            Err(_) => Err(io::Error::from(io::ErrorKind::InvalidData)),
        }
    }

    /// Leaves it in the data directory.
    pub(super) fn save(self, place: &Place) -> io::Result<()> {
        let mut file = place.create(&place.directory().join(FILE))?;
        writeln!(file, "{}", self.http)
    }

    /// The address.
    pub fn address(self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.http).into()
    }

    /// The URL for HTTP.
    pub fn url(self) -> String {
        format!("http://{}", self.address())
    }
}
