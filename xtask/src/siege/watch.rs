//! The memory of the server and of ClickHouse while a siege goes on, and whether both are still those that began it.

use anyhow::{Context as _, Result};

use crate::bench::setting::Running;
use crate::memory::peak;

/// Processes under observation.
pub(super) struct Watch {
    processes: Vec<Seen>,
}

struct Seen {
    name: &'static str,
    pid: u32,
    /// The most that it had, in MiB.
    peak: u64,
}

impl Watch {
    /// Looks at the server and at ClickHouse. RabbitMQ is somebody else's.
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

    /// Looks again. A process that has ended is one that was harmed.
    pub(super) fn look(&mut self) -> Result<()> {
        for seen in &mut self.processes {
            seen.peak = peak(seen.pid).with_context(|| {
                format!("{} ended; it had {} MiB at last", seen.name, seen.peak)
            })?;
        }
        Ok(())
    }

    /// The most that a process had, in MiB.
    pub(super) fn peak(&self, name: &str) -> u64 {
        let seen = self.processes.iter().find(|seen| seen.name == name);
        seen.map_or(0, |seen| seen.peak)
    }
}
