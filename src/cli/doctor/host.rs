//! This machine: open files, ports, disks and certificates.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use super::finding::{Findings, Level};
use crate::app::Config;
use crate::listen::descriptors;
use crate::time::now;
use crate::tls::ServerTls;

/// Number of open files below which a port of events has few connections.
const FEW_FILES: u64 = 4096;

/// Share of a disk that should be free, and that has to be, in percent.
const FREE: [u64; 2] = [15, 5];

/// Days before its end in which a certificate should have been replaced.
const DAYS: i64 = 21;

/// Looks at the machine.
pub(super) fn check(config: &Config, findings: &mut Findings) {
    let files = descriptors::raise();
    let what = format!("{files} open files");
    match files < FEW_FILES {
        true => {
            let fix = "each connection needs one: raise the limit (LimitNOFILE= of systemd, ulimit -n), to 65536 for example";
            findings.add(Level::Warning, "open files", what, fix);
        }
        false => findings.good("open files", what),
    }
    for (name, address) in [
        ("--grpc-listen", config.grpc_listen),
        ("--http-listen", config.http_listen),
        ("--ops-listen", config.ops.listen),
    ] {
        port(name, address, findings);
    }
    if config.clickhouse.is_none() {
        data(&config.data, findings);
    }
}

/// Looks whether an address can be listened on.
fn port(name: &str, address: SocketAddr, findings: &mut Findings) {
    match TcpListener::bind(address) {
        Ok(_) => findings.good(name, format!("{address} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => findings.add(
            Level::Note,
            name,
            format!("something listens on {address}"),
            "right if it is an instance that this one replaces",
        ),
        Err(error) => findings.add(
            Level::Problem,
            name,
            format!("{address} can't be listened on: {error}"),
            "give an address of this machine, and a port that its user may use",
        ),
    }
}

/// Looks at the directory of the embedded ClickHouse, or the nearest above it that is there.
fn data(directory: &Path, findings: &mut Findings) {
    let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    let there = absolute.ancestors().find(|path| path.exists());
    let place = "--data";
    let Some(there) = there else {
        return;
    };
    match rustix::fs::statvfs(there) {
        Ok(about) => disk(
            place,
            &directory.display().to_string(),
            about.f_bavail.saturating_mul(about.f_frsize),
            about.f_blocks.saturating_mul(about.f_frsize),
            findings,
        ),
        Err(error) => findings.add(
            Level::Note,
            place,
            format!(
                "the disk of {} can't be looked at: {error}",
                there.display()
            ),
            "",
        ),
    }
}

/// Judges the room on a disk.
pub(super) fn disk(place: &str, name: &str, free: u64, total: u64, findings: &mut Findings) {
    let percent = free.saturating_mul(100).checked_div(total).unwrap_or(100);
    let what = format!("disk {name}: {} GiB free, {percent}%", free >> 30);
    let [should, must] = FREE;
    let level = match percent {
        percent if percent < must => Level::Problem,
        percent if percent < should => Level::Warning,
        _ => return findings.good(place, what),
    };
    let fix =
        "make room: drop old partitions, or give it a larger disk; inserts fail when it is full";
    findings.add(level, place, what, fix);
}

/// Judges the clock of a server, asked between two moments of this machine.
pub(super) fn clock(
    place: &str,
    before_ms: i64,
    server_ms: i64,
    after_ms: i64,
    findings: &mut Findings,
) {
    // Whatever it was in between isn't the clock's.
    let ahead = server_ms.saturating_sub(after_ms);
    let behind = before_ms.saturating_sub(server_ms);
    let skew = ahead.max(behind).max(0);
    let what = format!("its clock is within {} ms of this machine's", skew.max(1));
    let level = match skew {
        0..=1_000 => return findings.good(place, what),
        1_001..=30_000 => Level::Warning,
        _ => Level::Problem,
    };
    let which = if ahead > behind { "ahead of" } else { "behind" };
    let what = format!(
        "its clock is {:.1} s {which} this machine's",
        skew as f64 / 1000.0
    );
    let fix =
        "times of events are judged by the one and stored by the other: run NTP (chrony) on both";
    findings.add(level, place, what, fix);
}

/// Judges the certificate of the ports.
pub(super) fn certificate(tls: &ServerTls, findings: &mut Findings) {
    let (names, until) = (tls.names().join(", "), tls.until());
    let left = until.saturating_sub(i64::try_from(now().as_secs()).unwrap_or(i64::MAX)) / 86_400;
    let what = format!("certificate for {names}, {left} days left");
    match left {
        // That it has ended has been said.
        ..0 => {}
        0..DAYS => findings.add(
            Level::Warning,
            "tls",
            what,
            "replace the files; they are read again when they change",
        ),
        _ => findings.good("tls", what),
    }
    if let Some(reason) = tls.refused() {
        findings.add(
            Level::Problem,
            "tls",
            format!("clients will refuse the certificate: {reason}"),
            "docs/tls.md says how one is made",
        );
    }
}
