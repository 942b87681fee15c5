//! A server under systemd: what it says over the socket of notifications, which this test listens on.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::net::UnixDatagram;
use tokio::process::Child;
use tokio::time::{Instant, timeout};

use crate::support::server::command;

/// The watchdog's limit that the server is told.
const LIMIT: Duration = Duration::from_millis(1_500);
const PATIENCE: Duration = Duration::from_secs(60);

/// A server, and the socket that systemd would listen on.
struct Unit {
    child: Child,
    socket: UnixDatagram,
    http: SocketAddr,
}

impl Unit {
    fn start(place: &Path) -> Unit {
        let path = place.join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let http = TcpListener::bind("127.0.0.1:0").unwrap();
        let http = http.local_addr().unwrap();
        let mut serve = command("serve");
        serve.args([
            "--grpc-listen",
            "127.0.0.1:0",
            "--ops-listen",
            "127.0.0.1:0",
        ]);
        serve.args(["--http-listen", &http.to_string()]);
        serve.args(["--clickhouse-url", "http://127.0.0.1:9/nowhere"]);
        serve.args(["--notice-seconds", "2"]);
        serve.env("NOTIFY_SOCKET", &path);
        serve.env("WATCHDOG_USEC", LIMIT.as_micros().to_string());
        serve.stdin(Stdio::null()).stdout(Stdio::null());
        serve.stderr(File::create(place.join("log")).unwrap());
        let child = serve.spawn().unwrap();
        Unit {
            child,
            socket,
            http,
        }
    }

    /// The next message, if one comes in time.
    async fn next(&self, limit: Duration) -> Option<String> {
        let mut bytes = [0; 256];
        let received = timeout(limit, self.socket.recv(&mut bytes)).await.ok()?;
        let text = String::from_utf8_lossy(&bytes[..received.unwrap()]);
        Some(text.trim_end().to_owned())
    }

    /// Waits for a message that begins so, past those that say that it is alive; how many of them there were.
    async fn until(&self, start: &str) -> usize {
        let (mut alive, began) = (0, Instant::now());
        while began.elapsed() < PATIENCE {
            match self.next(PATIENCE).await {
                Some(message) if message.starts_with(start) => return alive,
                Some(message) if message == "WATCHDOG=1" => alive += 1,
                other => panic!("{other:?} and not {start}"),
            }
        }
        panic!("{start} doesn't come");
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.id().unwrap().try_into().unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_is_told_when_a_server_listens_and_stops_and_that_it_is_alive_until_then() {
    let place = tempfile::tempdir().unwrap();
    let mut unit = Unit::start(place.path());
    assert_eq!(unit.until("READY=1\nSTATUS=Serving.").await, 0);
    // Units that come after it may connect at once.
    TcpStream::connect(unit.http).unwrap();
    for _ in 0..3 {
        let message = unit.next(LIMIT).await;
        assert_eq!(message.as_deref(), Some("WATCHDOG=1"));
    }
    // One that hangs is found out.
    unit.signal(Signal::STOP);
    while unit.next(Duration::from_millis(50)).await.is_some() {}
    assert_eq!(unit.next(LIMIT).await, None);
    unit.signal(Signal::CONT);
    unit.until("WATCHDOG=1").await;

    unit.signal(Signal::TERM);
    unit.until("STOPPING=1\nSTATUS=Draining.").await;
    let mut alive = 0;
    let status = loop {
        tokio::select! {
            status = unit.child.wait() => break status.unwrap(),
            message = async { unit.socket.recv(&mut [0; 256]).await } => {
                message.unwrap();
                alive += 1;
            }
        }
    };
    assert!(status.success(), "{status}");
    assert!(
        alive >= 3,
        "only {alive} messages came in two seconds of draining"
    );
}

/// As the first process of a container it would be ended by no signal that it doesn't listen for.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_still_starts_ends_when_it_is_told_to() {
    let place = tempfile::tempdir().unwrap();
    // A ClickHouse that hangs.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/events", silent.local_addr().unwrap());
    let mut serve = command("serve");
    serve.args(["--grpc-listen", "127.0.0.1:0"]);
    serve.args(["--http-listen", "127.0.0.1:0"]);
    serve.args(["--ops-listen", "127.0.0.1:0"]);
    serve.args(["--clickhouse-url", &url]);
    serve.stdin(Stdio::null()).stdout(Stdio::null());
    let log = place.path().join("log");
    serve.stderr(File::create(&log).unwrap());
    let mut child = serve.spawn().unwrap();
    let asked = tokio::task::spawn_blocking(move || silent.accept().unwrap());
    let _asked = timeout(PATIENCE, asked).await.unwrap().unwrap();
    let pid = child.id().unwrap().try_into().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
    let status = timeout(Duration::from_secs(10), child.wait()).await;
    let status = status.expect("it waits for ClickHouse").unwrap();
    // It ended by itself, and not by the signal.
    assert!(status.success(), "{status}");
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("Stopped before it served."), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_of_systemd_that_is_gone_costs_a_line_in_the_log_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    let unit = Unit::start(place.path());
    std::fs::remove_file(place.path().join("notify")).unwrap();
    let began = Instant::now();
    while TcpStream::connect(unit.http).is_err() {
        assert!(began.elapsed() < PATIENCE, "it doesn't listen");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut unit = unit;
    tokio::time::sleep(LIMIT).await;
    assert_eq!(unit.child.try_wait().unwrap(), None);
    unit.signal(Signal::TERM);
    assert!(
        timeout(PATIENCE, unit.child.wait())
            .await
            .unwrap()
            .unwrap()
            .success()
    );
    let log = std::fs::read_to_string(place.path().join("log")).unwrap();
    assert!(log.contains("systemd can't be told"), "{log}");
}
