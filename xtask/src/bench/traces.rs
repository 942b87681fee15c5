//! `cargo xtask bench traces`: the same load without traces and with one request in a hundred traced, to a collector that
//! takes everything.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, ensure};

use super::protection::Protection;
use super::{Args, SCENARIOS, Scenario, chosen, measure_with, pairs};
use crate::build::Executables;

/// Scenarios, if none are named: large and small requests.
const USUAL: [&str; 2] = ["rabbitmq-100", "rabbitmq-1"];

/// Share of requests that is traced.
const RATIO: &str = "0.01";

/// Runs scenarios in pairs, and prints the ratios.
pub(super) fn run(args: &Args, built: &Executables, events: u64) -> Result<ExitCode> {
    let usual = |s: &&Scenario| USUAL.contains(&s.name);
    let chosen = match args.scenarios.is_empty() {
        true => SCENARIOS.iter().filter(usual).collect(),
        false => chosen(args, "")?,
    };
    println!(
        "{} pairs of runs, {events} events (fewer where requests are small), without traces and with a share of {RATIO}; medians.",
        args.runs
    );
    let exports = Arc::new(AtomicU64::new(0));
    let address = collect(Arc::clone(&exports))?;
    let variables = [
        (
            "EVENT_GRPC_TRACE_ENDPOINT",
            format!("http://{address}").into(),
        ),
        ("EVENT_GRPC_TRACE_RATIO", RATIO.into()),
    ];
    pairs::run(args, ["plain", "traced"], &chosen, |which, scenario| {
        let variables = [&[], &variables[..]][which];
        let events = events / scenario.share;
        measure_with(scenario, built, Protection::None, variables, events)
    })?;
    ensure!(exports.load(Ordering::Relaxed) > 0, "nothing was exported");
    Ok(ExitCode::SUCCESS)
}

/// A collector that answers 200 to each export, and counts them.
fn collect(exports: Arc<AtomicU64>) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let exports = Arc::clone(&exports);
            std::thread::spawn(move || take(stream, &exports));
        }
    });
    Ok(address)
}

/// Takes exports until the connection ends.
fn take(stream: TcpStream, exports: &AtomicU64) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        exports.fetch_add(1, Ordering::Relaxed);
        writer
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .ok()?;
    }
}
