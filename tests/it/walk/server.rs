//! A server of the copied project, as a user starts it: embedded, and asked over HTTP.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use http::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::http::request;
use crate::support::server::reader;

/// Start timeout; the engine is in the user's cache by then.
const START: Duration = Duration::from_secs(60);
/// Time limit for its end.
const END: Duration = Duration::from_secs(40);

/// A running server. It is killed when this is dropped, and its engine with it.
pub(super) struct Server {
    child: Child,
    http: String,
    clickhouse: String,
    data: PathBuf,
}

impl Server {
    /// Starts it on free ports and waits until it serves.
    pub(super) fn start(program: &Path, data: &Path) -> Server {
        let child = command(program)
            .args(["serve", "--log-format", "json", "--data"])
            .arg(data)
            .args(["--grpc-listen", "127.0.0.1:0"])
            .args(["--http-listen", "127.0.0.1:0"])
            .args(["--ops-listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut server = Server {
            child,
            http: String::new(),
            clickhouse: String::new(),
            data: data.to_owned(),
        };
        let line = serving(&server.lines());
        let field = |name: &str| {
            let value = line[name].as_str();
            value
                .unwrap_or_else(|| panic!("no {name} in {line}"))
                .to_owned()
        };
        server.http = format!("http://{}", field("http"));
        // The address is followed by database and user, in brackets.
        let address = field("clickhouse");
        server.clickhouse = address.split(' ').next().unwrap_or_default().to_owned();
        server
    }

    /// The lines of its log, as they come.
    fn lines(&mut self) -> Receiver<String> {
        let log = self.child.stderr.take().unwrap();
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                // Nobody reads the output once it serves; the pipe must be emptied all the same.
                send.send(line).ok();
            }
        });
        lines
    }

    /// Its HTTP address.
    pub(super) fn http(&self) -> &str {
        &self.http
    }

    /// Posts events as JSON and expects that all of them are taken.
    pub(super) async fn dispatch(&self, body: &str) {
        let json = [("content-type", "application/json")];
        let url = format!("{}/event/dispatch", self.http);
        let answer = request(Method::POST, &url, &json, body.to_owned()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let answer: Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(answer["status"], "SUCCESS", "{answer}");
        assert_eq!(answer["rejected"], Value::Null, "{answer}");
    }

    /// Asks the embedded ClickHouse; the answer's rows as lines, columns with tabs between them.
    pub(super) async fn rows(&self, sql: &str) -> String {
        let url = format!("{}?database=event_grpc", self.clickhouse);
        let (user, password) = reader(&self.data);
        let account = [
            ("x-clickhouse-user", user.as_str()),
            ("x-clickhouse-key", password.as_str()),
        ];
        let answer = request(Method::POST, &url, &account, sql.to_owned()).await;
        assert_eq!(answer.status, 200, "{sql}\n{answer:?}");
        answer.text
    }

    /// Ends it as a terminal's user would, and expects a clean end.
    pub(super) fn stop(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                return;
            }
            assert!(began.elapsed() < END, "the server doesn't end");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail for one that has ended, which is what is wanted.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A program that finds nothing of this environment's settings.
pub(super) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("EVENT_GRPC_") && name != "EVENT_GRPC_ENGINE_PATH" {
            command.env_remove(name);
        }
    }
    command
}

/// The log line that says where it serves.
fn serving(lines: &Receiver<String>) -> Value {
    let began = Instant::now();
    let mut log = Vec::new();
    while let Ok(line) = lines.recv_timeout(START.saturating_sub(began.elapsed())) {
        match serde_json::from_str::<Value>(&line) {
            Ok(value) if value["message"] == "Serving." => return value,
            _ => log.push(line),
        }
    }
    panic!("the server doesn't serve:\n{}", log.join("\n"));
}
