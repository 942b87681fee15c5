//! Samples of the process and its runtime, taken when metrics are asked for.

use tokio::runtime::Handle;

use super::process::{BUSY, CPU, MAX_FDS, OPEN_FDS, RESIDENT, TASKS, THREADS, VIRTUAL};

/// Takes a sample. What the platform doesn't tell stays as it is.
pub(super) fn sample() {
    if let Ok(runtime) = Handle::try_current() {
        of_runtime(&runtime);
    }
    of_process();
}

fn of_runtime(runtime: &Handle) {
    let metrics = runtime.metrics();
    let threads = metrics.num_workers();
    THREADS.only().set(threads as f64);
    TASKS.only().set(metrics.num_alive_tasks() as f64);
    #[cfg(target_has_atomic = "64")]
    {
        let busy = (0..threads).map(|thread| metrics.worker_total_busy_duration(thread));
        BUSY.only()
            .set(busy.sum::<std::time::Duration>().as_secs_f64());
    }
}

#[cfg(target_os = "linux")]
fn of_process() {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/self/{name}")).ok();
    if let Some(ticks) = read("stat").as_deref().and_then(ticks) {
        let of_a_second = rustix::param::clock_ticks_per_second() as f64;
        CPU.only().set(ticks as f64 / of_a_second);
    }
    if let Some([size, resident]) = read("statm").as_deref().and_then(pages) {
        let of_a_page = rustix::param::page_size() as f64;
        VIRTUAL.only().set(size as f64 * of_a_page);
        RESIDENT.only().set(resident as f64 * of_a_page);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        OPEN_FDS.only().set(open.count() as f64);
    }
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    MAX_FDS
        .only()
        .set(limit.current.map_or(f64::INFINITY, |most| most as f64));
}

#[cfg(not(target_os = "linux"))]
fn of_process() {}

/// Clock ticks in user and system mode, of a process's `stat`. The name of the program is in parentheses and may hold
/// anything, so the fields are counted from its end.
#[cfg(target_os = "linux")]
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

/// Size and resident size in pages, of a process's `statm`.
#[cfg(target_os = "linux")]
fn pages(statm: &str) -> Option<[u64; 2]> {
    let mut fields = statm.split(' ');
    let mut next = || fields.next()?.parse().ok();
    Some([next()?, next()?])
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_behind_any_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 100 1 2";
        assert_eq!(ticks(stat), Some(300));
        assert_eq!(ticks("7 (a) S 1"), None);
        assert_eq!(pages("500 20 10 1 0 40 0\n"), Some([500, 20]));
        assert_eq!(pages(""), None);
    }
}
