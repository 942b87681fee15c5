//! Observes the memory of the server and of ClickHouse during a siege, and that neither restarts.

use anyhow::{Context as _, Result};

use crate::bench::setting::Running;
use crate::memory::peak;

/// Observed processes.
pub(super) struct Watch {
    processes: Vec<Seen>,
}

struct Seen {
    name: &'static str,
    pid: u32,
    /// Peak memory, in MiB.
    peak: u64,
}

impl Watch {
    /// Begins to observe the server and ClickHouse. RabbitMQ isn't part of the test.
    pub(super) fn begin(running: &Running) -> Result<Self> {
        let named = running
            .processes
            .iter()
            .filter(|(name, _)| *name != "rabbitmq");
        let processes = named.map(|(name, pid)| {
            let peak = peak(*pid)?;
            Ok(Seen {
                name,
                pid: *pid,
                peak,
            })
        });
        Ok(Watch {
            processes: processes.collect::<Result<_>>()?,
        })
    }

    /// Samples the memory; fails if a process has ended.
    pub(super) fn look(&mut self) -> Result<()> {
        for seen in &mut self.processes {
            seen.peak = peak(seen.pid).with_context(|| {
                format!("{} ended; it had {} MiB at last", seen.name, seen.peak)
            })?;
        }
        Ok(())
    }

    /// Peak memory of a process, in MiB.
    pub(super) fn peak(&self, name: &str) -> u64 {
        let seen = self.processes.iter().find(|seen| seen.name == name);
        seen.map_or(0, |seen| seen.peak)
    }
}
