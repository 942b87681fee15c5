//! A server as its users start it: a process of its own.

use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use event_grpc::sink::clickhouse::engine::{Engine, accounts};
use event_grpc::sink::clickhouse::{Address, ClickHouse};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_event-grpc");

/// The longest that a server may take to start, which includes the embedded engine, or to end.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A running server.
pub(crate) struct Server {
    child: Child,
    log: PathBuf,
    /// gRPC address.
    pub(crate) grpc: String,
    /// HTTP address.
    pub(crate) http: String,
    /// Operations address.
    pub(crate) ops: String,
    /// ClickHouse of the server.
    pub(crate) store: ClickHouse,
}

impl Server {
    /// Starts `event-grpc serve` on free ports and waits until it serves. Its log is in `directory`.
    pub(crate) async fn start(directory: &Path, arguments: &[&str]) -> Server {
        Self::start_at(directory, "127.0.0.1:0", arguments).await
    }

    /// Starts a server with a fixed operations port.
    pub(crate) async fn start_at(directory: &Path, ops: &str, arguments: &[&str]) -> Server {
        let log = directory.join("server.log");
        let mut command = command("serve");
        command.args(["--grpc-listen", "127.0.0.1:0"]);
        command.args(["--http-listen", "127.0.0.1:0", "--ops-listen", ops]);
        command.args(["--log-format", "json"]).args(arguments);
        command.current_dir(directory).stdin(Stdio::null());
        command.stdout(Stdio::null());
        command.stderr(File::create(&log).unwrap());
        let mut child = command.spawn().unwrap();
        let start = Instant::now();
        loop {
            let lines = lines(&log);
            if let Some(line) = lines.iter().find(|line| line["message"] == "Serving.") {
                let text = |field: &str| line[field].as_str().expect(field).to_owned();
                return Server {
                    child,
                    grpc: text("grpc"),
                    http: format!("http://{}", text("http")),
                    ops: format!("http://{}", text("ops")),
                    store: ClickHouse::new(address(
                        &text("clickhouse"),
                        &data(directory, arguments),
                    ))
                    .unwrap(),
                    log,
                };
            }
            let ended = child.try_wait().unwrap();
            let waits = ended.is_none() && start.elapsed() < TIME_LIMIT;
            assert!(
                waits,
                "the server does not serve ({ended:?}): {}",
                text(&log)
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Everything that it has logged.
    pub(crate) fn log(&self) -> String {
        text(&self.log)
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Tells it to read the filter of the log again.
    pub(crate) fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.id().expect("the server ended by itself");
        let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Ends it as nobody expects, with SIGKILL.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to end, waits until it has, and looks whether it had something to complain about.
    pub(crate) async fn stop(self) {
        self.terminate();
        let log = self.log.clone();
        self.ended().await;
        let complaints: Vec<Value> = lines(&log)
            .into_iter()
            .filter(|line| line["level"] == "WARN" || line["level"] == "ERROR")
            .collect();
        assert!(complaints.is_empty(), "{complaints:#?}");
    }

    /// Asks it to end and waits until it has; it may have complained.
    pub(crate) async fn stop_with_complaints(self) {
        self.terminate();
        self.ended().await;
    }

    /// Waits until it has ended, as it should.
    pub(crate) async fn ended(mut self) {
        let status = timeout(TIME_LIMIT, self.child.wait()).await;
        let status = status.expect("the server does not end").unwrap();
        assert!(status.success(), "{status}: {}", text(&self.log));
    }
}

/// Applies the migrations to a ClickHouse server.
pub(crate) async fn migrate(clickhouse_url: &str) {
    let mut command = command("migrate");
    command.args(["--clickhouse-url", clickhouse_url]);
    let output = timeout(TIME_LIMIT, command.output())
        .await
        .unwrap()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

/// The URL of a database of the test's ClickHouse.
pub(crate) fn clickhouse_url(store: &ClickHouse) -> String {
    let url = env::var("EVENT_GRPC_TEST_CLICKHOUSE_URL").unwrap();
    format!("{url}/?database={}", store.address().database())
}

/// One of the executable's commands, with nothing of the environment that would change what it does.
pub(crate) fn command(name: &str) -> Command {
    let mut command = Command::new(EXECUTABLE);
    for (variable, _) in env::vars_os() {
        if variable.to_string_lossy().starts_with("EVENT_") {
            command.env_remove(variable);
        }
    }
    command.arg(name).kill_on_drop(true);
    command
}

/// Reads an address as the server's log has it: `URL (database NAME, user NAME)`. The account is that of tools if the
/// server's ClickHouse is the embedded one.
fn address(logged: &str, data: &Path) -> Address {
    let (url, rest) = logged.split_once(" (database ").expect(logged);
    let (database, user) = rest.split_once(", user ").expect(logged);
    let address = Address::parse(url).expect(logged).with_database(database);
    if user.trim_end_matches(')') != accounts::SERVER {
        return address;
    }
    let (user, password) = reader(data);
    address.with_account(Some(user), Some(password))
}

/// The data directory of a server with these arguments.
fn data(directory: &Path, arguments: &[&str]) -> PathBuf {
    let given = arguments.iter().position(|a| *a == "--data");
    directory.join(given.map_or("data", |at| arguments[at + 1]))
}

/// User of tools, and the password, of an instance with this data directory.
pub(crate) fn reader(data: &Path) -> (String, String) {
    let password = std::fs::read_to_string(accounts::reader_file(data)).unwrap();
    (accounts::READER.to_owned(), password.trim().to_owned())
}

/// Address of an engine with the account of its server.
pub(crate) fn account_of(engine: &Engine) -> Address {
    let (user, password) = (engine.user().to_owned(), engine.password().to_owned());
    let address = Address::parse(engine.url()).unwrap();
    address.with_account(Some(user), Some(password))
}

/// The lines of a log that are whole.
fn lines(log: &Path) -> Vec<Value> {
    let text = text(log);
    let lines = text.lines();
    lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

fn text(log: &Path) -> String {
    std::fs::read_to_string(log).unwrap()
}
