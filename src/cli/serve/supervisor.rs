//! Notifications to systemd (`sd_notify`): the server listens, it stops, it is alive. Without `NOTIFY_SOCKET`, which
//! systemd sets for a unit of `Type=notify`, nothing is sent.

use std::time::Duration;

use sd_notify::NotifyState::{self, Ready, Status, Stopping, Watchdog};
use tokio::time::MissedTickBehavior;

/// Pings in the time after which systemd takes a server that sends none for dead.
const PINGS: u32 = 3;

/// Says that the server listens, and from now on that it is alive.
pub(super) fn ready() {
    tell(&[Ready, Status("Serving.")]);
    if let Some(limit) = sd_notify::watchdog_enabled() {
        tokio::spawn(ping(limit / PINGS, || tell(&[Watchdog])));
    }
}

/// Says that the server drains, and won't come back. It goes on saying that it is alive.
pub(super) fn stopping() {
    tell(&[Stopping, Status("Draining.")]);
}

/// Calls `alive` again and again. It has to be a task of its own: a task runs only while a worker of the runtime takes
/// tasks up and its timers expire, where the future that `block_on` was given has a thread to itself and would go on
/// beside workers that hang.
async fn ping(every: Duration, alive: impl Fn()) {
    // An interval of zero is not one.
    let mut ticks = tokio::time::interval(every.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        alive();
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd can't be told about this server.");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::{Duration, Instant};

    /// The test's own thread goes on all the time, as that of `block_on` would.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_runtime_whose_workers_all_hang_sends_no_pings() {
        const EVERY: Duration = Duration::from_millis(20);
        let sent = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&sent);
        let pings = tokio::spawn(super::ping(EVERY, move || {
            count.fetch_add(1, Ordering::SeqCst);
        }));
        let come = || sent.load(Ordering::SeqCst);
        let began = Instant::now();
        while come() < 3 {
            assert!(began.elapsed() < Duration::from_secs(20), "{}", come());
            std::thread::sleep(EVERY);
        }
        // One worker that hangs is not the runtime.
        let (hangs, go) = hang().await;
        let before = come();
        while come() < before + 3 {
            assert!(began.elapsed() < Duration::from_secs(40), "{}", come());
            std::thread::sleep(EVERY);
        }
        let (also_hangs, go_too) = hang().await;
        let before = come();
        std::thread::sleep(EVERY * 20);
        assert_eq!(come(), before);
        drop((go, go_too));
        hangs.await.ok();
        also_hangs.await.ok();
        while come() < before + 3 {
            assert!(began.elapsed() < Duration::from_secs(60), "{}", come());
            std::thread::sleep(EVERY);
        }
        pings.abort();
    }

    /// Lets a worker hang until what it answers is dropped.
    async fn hang() -> (tokio::task::JoinHandle<()>, std::sync::mpsc::Sender<()>) {
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let (here, began) = std::sync::mpsc::channel();
        let task = tokio::spawn(async move {
            here.send(()).ok();
            wait.recv().ok();
        });
        began.recv().ok();
        (task, go)
    }
}
