//! Dead letters: found, read, sent again and left behind, with real servers and the real executable.

mod cli;
mod json;
mod later_ids;
mod library;
pub(crate) mod old;
mod record;
mod unknown;

use std::collections::BTreeMap;

use event_grpc::generated::PIPELINE;
use event_grpc::sink::clickhouse::dead_letters::DeadLetters;
use event_grpc::sink::clickhouse::{ClickHouse, Databases};
use serde_json::Value;

use crate::support::server::{clickhouse_url, command};

/// Output of the executable.
pub(crate) struct Answer {
    good: bool,
    pub(crate) out: String,
    err: String,
}

/// `event-grpc dlq` with these arguments, on the test's database.
pub(crate) async fn dlq(store: &ClickHouse, args: &[&str]) -> Answer {
    let mut command = command("dlq");
    let url = clickhouse_url(store);
    command.args(args).args(["--clickhouse-url", &url]);
    command.stdin(std::process::Stdio::null());
    let output = command.output().await.unwrap();
    Answer {
        good: output.status.success(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Output with `--json`; the command has to succeed.
pub(crate) async fn dlq_json(store: &ClickHouse, args: &[&str]) -> Value {
    let answer = dlq(store, &[args, &["--json"]].concat()).await;
    assert!(answer.good, "{args:?}: {}", answer.err);
    serde_json::from_str(&answer.out).expect(&answer.out)
}

/// The dead letters of a database.
pub(crate) fn letters(store: &ClickHouse) -> DeadLetters {
    let databases = Databases::new(store.clone(), &BTreeMap::new(), &PIPELINE).unwrap();
    DeadLetters::new(&databases, &PIPELINE).unwrap()
}
