//! Memory of a process, from /proc on Linux.

use std::fs;

use anyhow::{Context as _, Result};

/// Resident memory of a process, in MiB.
pub(crate) fn resident(pid: u32) -> Result<u64> {
    figure(pid, "VmRSS:")
}

/// Peak memory of a process, in MiB.
pub(crate) fn peak(pid: u32) -> Result<u64> {
    figure(pid, "VmHWM:")
}

fn figure(pid: u32, name: &str) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("{path} can't be read"))?;
    let kibibytes = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|line| {
            line.trim()
                .trim_end_matches("kB")
                .trim()
                .parse::<u64>()
                .ok()
        });
    let kibibytes = kibibytes.with_context(|| format!("{path} doesn't say {name}"))?;
    Ok(kibibytes / 1024)
}
