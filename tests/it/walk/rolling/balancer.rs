//! haproxy, as `docs/operations.md` sets it up.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::super::readme::blocks;
use super::instance::Ports;

/// Time limit for its start, and for noticing a change.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A running load balancer. It is killed when this is dropped.
pub(super) struct Balancer {
    child: Child,
    socket: PathBuf,
    log: PathBuf,
    front: Ports,
}

/// State of an instance.
#[derive(Debug, PartialEq, Eq)]
struct State {
    up: bool,
    down: bool,
    /// Requests that are under way.
    current: u64,
}

impl Balancer {
    /// Starts it in front of instances on these ports, in this directory, and waits until it listens. Somebody else may
    /// take a port that was free before it does; then it gets others.
    pub(super) fn start(directory: &Path, instances: [Ports; 2]) -> Balancer {
        let mut said = String::new();
        for _ in 0..5 {
            let mut balancer = Self::spawn(directory, Ports::free(), instances);
            let began = Instant::now();
            while balancer.child.try_wait().unwrap().is_none() {
                if UnixStream::connect(&balancer.socket).is_ok() {
                    return balancer;
                }
                assert!(began.elapsed() < TIME_LIMIT, "haproxy doesn't listen");
                std::thread::sleep(Duration::from_millis(50));
            }
            said = balancer.said();
        }
        panic!("haproxy doesn't start: {said}");
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn spawn(directory: &Path, front: Ports, instances: [Ports; 2]) -> Balancer {
        let socket = directory.join("haproxy.sock");
        let file = directory.join("haproxy.cfg");
        let text = format!(
            "global\n    stats socket {} mode 600 level admin\n    log stdout format raw local0\n\n{}",
            socket.display(),
            configuration(front, instances)
        );
        fs::write(&file, text).unwrap();
        let program = std::env::var_os("EVENT_GRPC_TEST_HAPROXY")
            .expect("EVENT_GRPC_TEST_HAPROXY is not set; run the tests with `cargo xtask test`");
        let log_file = directory.join("haproxy.log");
        let log = fs::File::create(&log_file).unwrap();
        let child = Command::new(program)
            .args(["-db", "-f"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Balancer {
            child,
            socket,
            log: log_file,
            front,
        }
    }

    /// Ports for clients.
    pub(super) fn front(&self) -> Ports {
        self.front
    }

    /// Waits until it sends requests to an instance.
    pub(super) async fn has_up(&self, instance: &str) {
        self.waits(instance, |state| state.up).await;
    }

    /// Waits until it sends none to it, and none is under way.
    pub(super) async fn has_down(&self, instance: &str) {
        self.waits(instance, |state| state.down && state.current == 0)
            .await;
    }

    async fn waits(&self, instance: &str, until: impl Fn(&State) -> bool) {
        let began = Instant::now();
        loop {
            let states = self.states(instance);
            if states.len() == 2 && states.iter().all(&until) {
                return;
            }
            assert!(
                began.elapsed() < TIME_LIMIT,
                "haproxy says of {instance}: {states:?}; {}",
                self.said()
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// States of the instance's two ports; none before it listens.
    fn states(&self, instance: &str) -> Vec<State> {
        let Ok(mut socket) = UnixStream::connect(&self.socket) else {
            return Vec::new();
        };
        socket.write_all(b"show stat\n").unwrap();
        let mut text = String::new();
        socket.read_to_string(&mut text).unwrap();
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let names = lines.next().unwrap();
        let at = |name: &str| names.iter().position(|n| *n == name).unwrap();
        let (server, status, current) = (at("svname"), at("status"), at("scur"));
        let check = at("check_status");
        lines
            .filter(|line| line.get(server) == Some(&instance))
            .map(|line| State {
                // It takes what it has not asked yet to be up.
                up: line[status] == "UP" && line[check].ends_with("L7OK"),
                down: line[status].starts_with("DOWN"),
                current: line[current].parse().unwrap(),
            })
            .collect()
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        // Both fail if it has ended, which another part of the test has noticed then.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The documented configuration, with the ports of this test.
fn configuration(front: Ports, instances: [Ports; 2]) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md");
    let page = fs::read_to_string(page).unwrap();
    let blocks = blocks(&page);
    let block = blocks.iter().find(|(language, _)| *language == "haproxy");
    let mut text = block
        .expect("docs/operations.md has no ```haproxy")
        .1
        .clone();
    let mut put = |from: &str, to: String| {
        assert_eq!(text.matches(from).count(), 1, "{from} in {text}");
        text = text.replace(from, &to);
    };
    put("bind :8017 ", format!("bind 127.0.0.1:{} ", front.grpc));
    put("bind :8019\n", format!("bind 127.0.0.1:{}\n", front.http));
    for (Ports { grpc, http, .. }, host) in instances.into_iter().zip(["10.0.0.1", "10.0.0.2"]) {
        put(
            &format!("{host}:8017 port 8019"),
            format!("127.0.0.1:{grpc} port {http}"),
        );
        put(&format!("{host}:8019"), format!("127.0.0.1:{http}"));
    }
    text
}
