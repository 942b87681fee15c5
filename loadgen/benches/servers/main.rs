//! Cost of row formats in ClickHouse and of message sizes in RabbitMQ: `cargo xtask bench servers`, which starts both
//! and passes their addresses.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "a benchmark that can't go on has nothing better to do, and it talks to a person at a terminal"
)]

mod encode;
mod format;
mod inserts;
mod messages;
mod partitions;
#[path = "../plain/mod.rs"]
mod plain;
mod round;
#[path = "../rows/mod.rs"]
mod rows;

use std::env;

/// A server that runs already.
struct Server {
    url: String,
    pid: u32,
}

impl Server {
    /// Address in the environment.
    fn named(name: &str) -> Option<Self> {
        let value = |what: &str| env::var(format!("EVENT_GRPC_BENCH_{name}_{what}")).ok();
        Some(Server {
            url: value("URL")?,
            pid: value("PID")?.parse().ok()?,
        })
    }
}

fn main() {
    let (Some(clickhouse), Some(rabbitmq)) =
        (Server::named("CLICKHOUSE"), Server::named("RABBITMQ"))
    else {
        eprintln!("There are no servers to measure; `cargo xtask bench servers` starts some.");
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let number = |value: String| value.parse().ok();
        let count = env::var("EVENT_GRPC_BENCH_MESSAGES").ok().and_then(number);
        if env::var("EVENT_GRPC_BENCH_ONLY").is_err() {
            println!("{}", inserts::measure(&clickhouse).await);
            println!("{}", messages::measure(&rabbitmq).await);
        }
        println!("{}", partitions::measure(&rabbitmq, count).await);
    });
}
