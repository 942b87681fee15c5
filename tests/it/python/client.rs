//! The client's process, and the code that it needs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;
use tokio::time::timeout;

use super::sent::Sent;

/// The longest that the client may take, with making the events.
const TIME_LIMIT: Duration = Duration::from_secs(180);

/// A client whose code is generated, and the files that it writes.
pub(super) struct Client {
    python: String,
    stubs: PathBuf,
    sent: PathBuf,
    record: PathBuf,
}

/// The sum of what a server answered.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(super) struct Answers {
    pub(super) requests: u64,
    pub(super) seconds: f64,
    pub(super) accepted: u64,
    pub(super) rejected: u64,
    #[serde(rename = "answers other than SUCCESS")]
    pub(super) other: u64,
    pub(super) retries: u64,
}

impl Client {
    /// Generates the client's code into `directory`.
    pub(super) async fn prepare(directory: &Path) -> Client {
        let client = Client {
            python: std::env::var("EVENT_GRPC_TEST_PYTHON")
                .expect("EVENT_GRPC_TEST_PYTHON is not set; run the tests with `cargo xtask test`"),
            stubs: directory.join("stubs"),
            sent: directory.join("sent.jsonl"),
            record: directory.join("requests"),
        };
        std::fs::create_dir(&client.stubs).unwrap();
        let mut compiler = Command::new(&client.python);
        compiler.args(["-m", "grpc_tools.protoc", "--proto_path", "proto"]);
        for output in ["--python_out", "--grpc_python_out"] {
            compiler.arg(output).arg(&client.stubs);
        }
        for file in std::fs::read_dir(top().join("proto/event")).unwrap() {
            compiler.arg(Path::new("proto/event").join(file.unwrap().file_name()));
        }
        run(&mut compiler).await;
        client
    }

    /// Makes everything and sends it.
    pub(super) async fn send(&self, target: &str, now: i64) -> Answers {
        let mut command = self.command("send", target);
        command.arg("--now").arg(now.to_string());
        command.arg("--sent").arg(&self.sent);
        answers(&mut command).await
    }

    /// Sends the same bytes again.
    pub(super) async fn resend(&self, target: &str) -> Answers {
        answers(&mut self.command("resend", target)).await
    }

    /// Sent events.
    pub(super) fn sent(&self) -> Sent {
        Sent::read(&self.sent)
    }

    fn command(&self, what: &str, target: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.args(["tests/python/client.py", what, "--target", target]);
        command.arg("--stubs").arg(&self.stubs);
        command.arg("--record").arg(&self.record);
        command
    }
}

async fn answers(command: &mut Command) -> Answers {
    serde_json::from_slice(&run(command).await).unwrap()
}

/// Runs a command in the top directory and returns what it printed.
async fn run(command: &mut Command) -> Vec<u8> {
    command.current_dir(top()).kill_on_drop(true);
    // Nothing is to be left in the tree.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    let output = timeout(TIME_LIMIT, command.output())
        .await
        .unwrap_or_else(|_| panic!("{command:?} did not end within {TIME_LIMIT:?}"))
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{errors}");
    output.stdout
}

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
