//! Sentry: reports of errors in the log and of panics, if a DSN is set.
//!
//! A report says where in the code it was, in which build, and which queue, table, source or target it is about: names of
//! `pipeline.yaml`. It has no body, no error text of a server and no formatted message, because these may hold what
//! somebody has sent. Reports are rare, wait in a bounded queue, and hold nothing up.

mod delivery;
mod dsn;
mod layer;
mod limiter;
mod panics;
mod report;

use std::path::PathBuf;
use std::sync::{Arc, mpsc as channel};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use dsn::{BadDsn, Dsn};
pub use layer::Layer;

use crate::http_client::CertificateError;
use crate::metrics::sentry::{DROPPED, REPEATED, REPORTS};
use delivery::{Delivery, LAST};
use limiter::{Limiter, Verdict};
use report::{About, Report};

/// Maximum number of reports that wait to be sent.
const QUEUE: usize = 32;

/// Options of reports.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where they go.
    pub dsn: Dsn,
    /// Environment that they are of: `production`, for example.
    pub environment: String,
    /// PEM file of the authorities that verify Sentry, in place of this machine's.
    pub ca: Option<PathBuf>,
}

/// Reports can't be sent. The error holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum SentryError {
    /// The DSN is none.
    #[error(transparent)]
    Dsn(#[from] BadDsn),
    /// The certificates can't be read.
    #[error(transparent)]
    Certificates(#[from] CertificateError),
    /// The thread that sends them can't be started.
    #[error("the thread that sends reports can't be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// Reports of this process. Dropped, it sends those that wait, for two seconds at most.
#[derive(Debug)]
pub struct Sentry {
    reporter: Arc<Reporter>,
    stop: CancellationToken,
    ended: channel::Receiver<()>,
}

/// What takes reports.
#[derive(Debug)]
struct Reporter {
    limiter: Limiter,
    queue: mpsc::Sender<Report>,
}

impl Sentry {
    /// Starts to report panics, and errors of logs that have the [`layer`](Self::layer).
    ///
    /// # Errors
    ///
    /// If certificates can't be read, or the thread that sends can't be started.
    pub fn start(options: &Options) -> Result<Self, SentryError> {
        let about = Arc::new(About::new(&options.environment));
        let delivery = Delivery::new(options, about)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (queue, reports) = mpsc::channel(QUEUE);
        let (told, ended) = channel::channel();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let thread = std::thread::Builder::new().name("sentry".to_owned());
        thread.spawn(move || {
            runtime.block_on(delivery.run(reports, stopped));
            drop(told);
        })?;
        let reporter = Arc::new(Reporter {
            limiter: Limiter::new(),
            queue,
        });
        panics::watch(Arc::clone(&reporter));
        Ok(Sentry {
            reporter,
            stop,
            ended,
        })
    }

    /// Layer that reports the errors of a log.
    pub fn layer(&self) -> Layer {
        Layer(Arc::clone(&self.reporter))
    }
}

impl Drop for Sentry {
    fn drop(&mut self) {
        const LONGER: Duration = Duration::from_millis(500);
        self.stop.cancel();
        // It says nothing, and hangs up when it has ended.
        self.ended.recv_timeout(LAST + LONGER).ok();
    }
}

impl Reporter {
    /// Admits a report of a place in the code: the number of those that were left out before it, or none if it is left
    /// out, too.
    fn admit(&self, file: &str, line: u32) -> Option<u64> {
        let outcome = match self.limiter.judge(file, line) {
            Verdict::Sent { left_out } => return Some(left_out),
            Verdict::Repeated => REPEATED,
            Verdict::TooMany => DROPPED,
        };
        REPORTS.with([outcome]).increment(1);
        None
    }

    /// Hands a report over, if there is room.
    fn send(&self, report: Report) {
        if self.queue.try_send(report).is_err() {
            REPORTS.with([DROPPED]).increment(1);
        }
    }
}
