//! The CPU time and the memory of a process, as Linux tells them under /proc.

use std::fs;

use anyhow::Context as _;

/// A process under observation.
#[derive(Debug)]
pub(crate) struct Watched {
    name: String,
    pid: u32,
    cpu_before: f64,
}

/// Resources that a process used while it was observed.
#[derive(Debug)]
pub(crate) struct Took {
    pub(crate) name: String,
    /// CPU seconds, in user and kernel mode.
    pub(crate) cpu: f64,
    /// The most resident memory, in bytes.
    pub(crate) peak: u64,
}

/// Reads `NAME=PID`.
pub(crate) fn named(text: &str) -> Result<(String, u32), String> {
    let parts = text
        .split_once('=')
        .and_then(|(name, pid)| Some((name, pid.parse().ok()?)));
    let (name, pid) = parts.ok_or("should be a name and a process id, as in server=1234")?;
    Ok((name.to_owned(), pid))
}

impl Watched {
    /// Begins to observe a process.
    pub(crate) fn begin(name: &str, pid: u32) -> anyhow::Result<Self> {
        // 5 sets the peak back to the present; without the right to do so it stands for the process's whole life.
        drop(fs::write(format!("/proc/{pid}/clear_refs"), "5"));
        Ok(Watched {
            name: name.to_owned(),
            pid,
            cpu_before: cpu(pid)?,
        })
    }

    /// Resources used since the beginning.
    pub(crate) fn end(&mut self) -> anyhow::Result<Took> {
        Ok(Took {
            name: self.name.clone(),
            cpu: cpu(self.pid)? - self.cpu_before,
            peak: peak(self.pid)?,
        })
    }
}

/// CPU seconds of a process so far.
pub fn cpu(pid: u32) -> anyhow::Result<f64> {
    let text = read(pid, "stat")?;
    // The second field is the program's name in parentheses, which may hold anything.
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = |at: usize| fields.split_ascii_whitespace().nth(at)?.parse::<u64>().ok();
    // utime and stime are fields 14 and 15 of proc(5), counted from 1; the rest begins with field 3.
    let sum = ticks(11).zip(ticks(12)).map(|(user, system)| user + system);
    let sum = sum.with_context(|| format!("/proc/{pid}/stat is not as expected"))?;
    Ok(sum as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// The most resident memory of a process, in bytes.
fn peak(pid: u32) -> anyhow::Result<u64> {
    let text = read(pid, "status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| {
        rest.trim()
            .trim_end_matches("kB")
            .trim()
            .parse::<u64>()
            .ok()
    });
    kib.map(|kib| kib * 1024)
        .with_context(|| format!("/proc/{pid}/status tells no peak of memory"))
}

fn read(pid: u32, file: &str) -> anyhow::Result<String> {
    fs::read_to_string(format!("/proc/{pid}/{file}"))
        .with_context(|| format!("process {pid} can't be observed; does it run?"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_process_takes_time_and_memory() {
        let mut watched = Watched::begin("this", std::process::id()).unwrap();
        let until = cpu(std::process::id()).unwrap() + 0.05;
        while cpu(std::process::id()).unwrap() < until {}
        let took = watched.end().unwrap();
        assert!(took.cpu >= 0.04, "{took:?}");
        assert!(took.peak > 1 << 20, "{took:?}");
        assert_eq!(named("a=5"), Ok(("a".to_owned(), 5)));
        assert!(named("a").is_err() && named("a=b").is_err());
    }
}
