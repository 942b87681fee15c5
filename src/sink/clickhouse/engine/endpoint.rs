//! Endpoint of a running engine: what an instance leaves in its data directory for `event-grpc clickhouse`.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use super::place::{self, Place};

/// Name of the file in the data directory.
const FILE: &str = "clickhouse.ports";

/// Loopback ports of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// HTTP port.
    pub http: u16,
    /// Native protocol port.
    pub native: u16,
}

impl Endpoint {
    /// Fixed ports, of which the native protocol's follows that of HTTP, or two free ones.
    ///
    /// Both are held until both are known, so that they differ.
    pub(super) fn choose(fixed: Option<u16>) -> io::Result<Self> {
        let native = match fixed {
            None => 0,
            Some(http) => http.checked_add(1).ok_or(io::ErrorKind::InvalidInput)?,
        };
        let http = TcpListener::bind((Ipv4Addr::LOCALHOST, fixed.unwrap_or(0)))?;
        let native = TcpListener::bind((Ipv4Addr::LOCALHOST, native))?;
        Ok(Self {
            http: http.local_addr()?.port(),
            native: native.local_addr()?.port(),
        })
    }

    /// Endpoint of the instance that runs with this data directory; none if no instance does.
    pub fn of_running(directory: &Path) -> io::Result<Option<Self>> {
        if !place::is_locked(directory)? {
            return Ok(None);
        }
        let text = match fs::read_to_string(directory.join(FILE)) {
            // The instance is just starting, or uses another ClickHouse.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text?,
        };
        let mut ports = text.split_whitespace().map(str::parse::<u16>);
        match (ports.next(), ports.next()) {
            (Some(Ok(http)), Some(Ok(native))) => Ok(Some(Self { http, native })),
            _ => Err(io::Error::from(io::ErrorKind::InvalidData)),
        }
    }

    /// Leaves it in the data directory.
    pub(super) fn save(self, place: &Place) -> io::Result<()> {
        use io::Write as _;
        let mut file = place.create(&place.directory().join(FILE))?;
        writeln!(file, "{} {}", self.http, self.native)
    }

    /// The URL for HTTP.
    pub fn url(self) -> String {
        format!(
            "http://{}",
            SocketAddr::from((Ipv4Addr::LOCALHOST, self.http))
        )
    }

    /// The address of the native protocol.
    pub fn native_address(self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.native).into()
    }
}
