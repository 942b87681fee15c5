//! An instance on ports that its successor takes over.

use std::collections::BTreeSet;
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use http::Method;
use rustix::process::{Pid, Signal, kill_process};

use super::super::project::succeeded;
use super::super::server::command;
use crate::http::request;

/// Secret of the webhooks that the load sends.
pub(super) const SECRET: &str = "shop";

/// Time limit for its end.
const END: Duration = Duration::from_secs(60);

/// Ports on loopback.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) grpc: u16,
    pub(super) http: u16,
    pub(super) ops: u16,
}

/// Settings that instances share.
pub(super) struct Shared {
    pub(super) amqp: String,
    pub(super) clickhouse: String,
    /// Their logs stay here, to be looked at.
    pub(super) logs: PathBuf,
}

/// A running instance. It is killed when this is dropped.
pub(super) struct Instance {
    child: Child,
    ports: Ports,
    log: PathBuf,
}

impl Ports {
    /// Ports that nothing listens on, below those that outgoing connections are made from.
    pub(super) fn free() -> Ports {
        // Those that were handed out and aren't listened on yet look free, too.
        static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
        let port = || loop {
            let port = rand::random_range(30_000..32_768);
            let is_free = TcpListener::bind(("127.0.0.1", port)).is_ok();
            if is_free && GIVEN.lock().unwrap().insert(port) {
                return port;
            }
        };
        Ports {
            grpc: port(),
            http: port(),
            ops: port(),
        }
    }
}

impl Shared {
    /// Brings the tables to where this build wants them.
    pub(super) fn migrate(&self, program: &Path) {
        let mut migrate = command(program);
        migrate.args(["migrate", "--clickhouse-url", &self.clickhouse]);
        succeeded(migrate.output().unwrap());
    }

    /// Starts an instance of this build.
    pub(super) fn start(&self, name: &str, program: &Path, ports: Ports) -> Instance {
        let log = self.logs.join(format!("{name}.log"));
        let listen = |port: u16| format!("127.0.0.1:{port}");
        let child = command(program)
            .args(["serve", "--grpc-listen", &listen(ports.grpc)])
            .args(["--http-listen", &listen(ports.http)])
            .args(["--ops-listen", &listen(ports.ops)])
            .args(["--amqp-url", &self.amqp])
            .args(["--clickhouse-url", &self.clickhouse])
            // Two failed checks of the load balancer, and some more.
            .args(["--notice-seconds", "4"])
            .args(["--replay-seconds", "2"])
            .env("SHOPIFY_WEBHOOK_SECRET", SECRET)
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Instance { child, ports, log }
    }
}

impl Instance {
    /// Ports of the instance.
    pub(super) fn ports(&self) -> Ports {
        self.ports
    }

    /// Tells it to want traffic again.
    pub(super) async fn beat(&self) {
        let url = format!("http://127.0.0.1:{}/heartbeat/?beat=true", self.ports.ops);
        let answer = request(Method::PUT, &url, &[], "").await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Tells it to want no traffic.
    pub(super) async fn rest(&self) {
        let url = format!("http://127.0.0.1:{}/heartbeat/?beat=false", self.ports.ops);
        let answer = request(Method::PUT, &url, &[], "").await;
        assert_eq!(answer.status, 410, "{answer:?}");
    }

    /// Ends it with SIGTERM, and expects that nothing was left undone.
    pub(super) async fn end(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < END, "an instance doesn't end");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let log = std::fs::read_to_string(&self.log).unwrap();
        assert!(status.success(), "{status}\n{log}");
        assert!(log.contains("Stopped."), "{log}");
        assert!(!log.contains("in time"), "{log}");
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // Both fail for one that has ended, which is what is wanted.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
