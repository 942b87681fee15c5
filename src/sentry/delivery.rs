//! Delivery: sends reports one after the other, on a thread of its own: also while the rest of the process hangs.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::report::{About, Report};
use super::{Options, SentryError};
use crate::http_client::Endpoint;
use crate::metrics::sentry::{DROPPED, FAILED, REPORTS, SENT};
use crate::tls::{Names, Options as TlsOptions};

/// Time within which Sentry has to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// How long the last reports may take at the end.
pub(super) const LAST: Duration = Duration::from_secs(2);

/// Pause that Sentry asks for without saying how long, and the longest that is made.
const PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// What the options of TLS are called.
const NAMES: Names = Names {
    ca: "--sentry-ca (EVENT_GRPC_SENTRY_CA)",
    certificate: "which reports don't have",
    server_name: "name it by one of its names in the DSN",
};

/// Delivery of reports.
#[derive(Debug)]
pub(super) struct Delivery {
    endpoint: Endpoint,
    about: Arc<About>,
    /// Nothing is sent before this.
    paused: Option<Instant>,
    /// True if the last report was not taken.
    troubled: bool,
}

impl Delivery {
    pub(super) fn new(options: &Options, about: Arc<About>) -> Result<Self, SentryError> {
        const CLIENT: &str = concat!("event-grpc/", env!("CARGO_PKG_VERSION"));
        let key = &options.dsn.key;
        let auth = format!("Sentry sentry_version=7, sentry_client={CLIENT}, sentry_key={key}");
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(CLIENT));
        let envelope = HeaderValue::from_static("application/x-sentry-envelope");
        headers.insert(CONTENT_TYPE, envelope);
        let mut auth = HeaderValue::try_from(auth).map_err(|_| super::BadDsn)?;
        auth.set_sensitive(true);
        headers.insert("x-sentry-auth", auth);
        let tls = TlsOptions {
            ca: options.ca.clone(),
            ..TlsOptions::new(&NAMES)
        };
        let address = options.dsn.envelopes.clone();
        Ok(Delivery {
            endpoint: Endpoint::new(address, headers, tls, LIMIT)?,
            about,
            paused: None,
            troubled: false,
        })
    }

    /// Sends reports until `stop` is cancelled, and then what there is, for two seconds at most.
    pub(super) async fn run(
        mut self,
        mut reports: mpsc::Receiver<Report>,
        stop: CancellationToken,
    ) {
        let mut end = pin!(async {
            stop.cancelled().await;
            sleep(LAST).await;
        });
        loop {
            let report = tokio::select! {
                biased;
                report = reports.recv() => report,
                () = stop.cancelled() => None,
            };
            let Some(report) = report else {
                return;
            };
            tokio::select! {
                biased;
                () = self.send(report) => {}
                () = &mut end => {
                    let left = 1 + reports.len() as u64;
                    REPORTS.with([FAILED]).increment(left);
                    return;
                }
            }
        }
    }

    async fn send(&mut self, report: Report) {
        if self.paused.is_some_and(|until| Instant::now() < until) {
            REPORTS.with([DROPPED]).increment(1);
            return;
        }
        self.paused = None;
        let why = match self.endpoint.post(report.envelope(&self.about)).await {
            Ok(answer) if answer.status.is_success() => {
                REPORTS.with([SENT]).increment(1);
                self.troubled = false;
                return;
            }
            Ok(answer) => {
                if answer.status == StatusCode::TOO_MANY_REQUESTS {
                    self.paused = Some(Instant::now() + pause(&answer.headers));
                }
                format!("Sentry answered {}", answer.status)
            }
            Err(reason) => reason,
        };
        REPORTS.with([FAILED]).increment(1);
        if !std::mem::replace(&mut self.troubled, true) {
            tracing::warn!(
                reason = why,
                "Reports don't reach Sentry; the log has what they say."
            );
        }
    }
}

/// How long Sentry wants no reports.
fn pause(headers: &HeaderMap) -> Duration {
    let value = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    let seconds = value.and_then(|text| text.trim().parse().ok());
    seconds
        .map_or(PAUSE, Duration::from_secs)
        .min(LONGEST_PAUSE)
}
