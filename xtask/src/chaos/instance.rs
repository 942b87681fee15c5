//! An instance on ports of its own, which can be started by one build after another.

use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::bench::setting;
use crate::services::{Keep, Kept, ports};

/// Start timeout of an instance.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Place of an instance, and its process while it runs.
pub(crate) struct Instance {
    pub(super) kept: Option<Kept>,
    pub(crate) grpc: u16,
    pub(crate) http: u16,
    pub(crate) ops: u16,
    pub(crate) log: PathBuf,
    pub(crate) executable: PathBuf,
    /// Further variables of its environment.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl Instance {
    /// An instance that doesn't run yet.
    pub(crate) fn place(executable: &Path, log: PathBuf) -> Result<Self> {
        Ok(Instance {
            kept: None,
            grpc: ports::free()?,
            http: ports::free()?,
            ops: ports::free()?,
            log,
            executable: executable.to_owned(),
            variables: Vec::new(),
        })
    }

    /// Starts it, and waits until it listens. It ends when what is returned is dropped.
    pub(crate) fn start(&self, amqp: &str, clickhouse: &str) -> Result<Kept> {
        let mut server = Command::new(&self.executable);
        server.arg("serve");
        server.args(["--grpc-listen", &format!("127.0.0.1:{}", self.grpc)]);
        server.args(["--http-listen", &format!("127.0.0.1:{}", self.http)]);
        // Not an option: other builds may not have it.
        server.env("EVENT_GRPC_OPS_LISTEN", format!("127.0.0.1:{}", self.ops));
        // Pages of the tests may send.
        server.env("EVENT_GRPC_CORS_APP", "*");
        server.envs(setting::secrets());
        server.envs(self.variables.iter().cloned());
        server.args(["--amqp-url", amqp, "--clickhouse-url", clickhouse]);
        // The keeper kills a process that has not ended five seconds after it was asked to.
        server.args(["--drain-seconds", "4"]);
        let keep = Keep {
            name: "an instance",
            signal: "TERM",
            directory: None,
            log: Some(&self.log),
        };
        let mut kept = Kept::spawn(&keep, &server)?;
        kept.wait_until(START_LIMIT, || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.grpc)).is_ok()
        })?;
        Ok(kept)
    }
}
