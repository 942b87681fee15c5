//! State of Kafka: one line in the log when it turns bad, one when it is good again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::sync::{Notify, watch};

use crate::broker::api::status::{Link, Status};
use crate::broker::api::topology::TopologyError;
use crate::metrics::kafka::UP;

/// How long a question to the cluster may take.
pub(super) const ASK: Duration = Duration::from_secs(5);

/// State of a cluster.
pub(super) struct Monitor {
    /// The brokers, as they are named in the log.
    place: String,
    status: watch::Sender<Status>,
    told: Mutex<Option<bool>>,
    /// What the library said last of a connection: a certificate, a password.
    said: Mutex<String>,
    /// Something happened that the next look at the cluster shouldn't wait for.
    pub(super) doubt: Notify,
}

/// Context of a client: what the library has to say goes to the log, and its errors to the monitor.
#[derive(Clone)]
pub(super) struct Told(pub(super) Arc<Monitor>);

impl Monitor {
    pub(super) fn new(place: String) -> Arc<Self> {
        UP.set_to(false);
        Arc::new(Monitor {
            place,
            status: watch::Sender::new(Status::of(Link::Down {
                since: SystemTime::now(),
                reason: "the first connection to Kafka is being made".to_owned(),
            })),
            told: Mutex::new(None),
            said: Mutex::default(),
            doubt: Notify::new(),
        })
    }

    pub(super) fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// The cluster answers, and this is what it has declared otherwise.
    pub(super) fn up(&self, problems: Vec<TopologyError>) {
        let known = Arc::clone(&self.status.borrow().problems);
        for problem in problems.iter().filter(|problem| !known.contains(problem)) {
            tracing::error!(
                what = problem.what,
                declared = problem.declared,
                broker = problem.broker,
                "Kafka has something declared otherwise than the pipeline; it is used as it is. docs/kafka.md tells how to change it."
            );
        }
        self.status.send_modify(|status| {
            status.link = Link::Up;
            status.problems = problems.into();
        });
        self.said
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.tell(true, "");
    }

    /// The cluster doesn't answer. What the library said of the connection is told with it.
    pub(super) fn down(&self, reason: &str) {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let reason = match said.as_str() {
            "" => reason.to_owned(),
            said => format!("{reason} ({said})"),
        };
        drop(said);
        let reason = reason.as_str();
        self.status.send_modify(|status| {
            let since = match &status.link {
                Link::Down { since, .. } => *since,
                _ => SystemTime::now(),
            };
            let reason = format!("Kafka: {reason}");
            status.link = Link::Down { since, reason };
        });
        self.tell(false, reason);
    }

    pub(super) fn closed(&self) {
        UP.set_to(false);
        self.status.send_modify(|status| status.link = Link::Closed);
    }

    /// A queue can't be consumed. It is logged once.
    pub(super) fn not_consumed(&self, queue: &'static str, reason: &str) {
        let mut new = false;
        self.status.send_modify(|status| {
            let troubles = Arc::make_mut(&mut status.not_consumed);
            new = troubles.insert(queue, reason.to_owned()).is_none();
        });
        if new {
            tracing::error!(
                queue,
                reason,
                "The topic of a queue can't be consumed; trying again."
            );
        }
    }

    /// A queue is consumed, or nobody wants that.
    pub(super) fn consumed(&self, queue: &'static str) {
        if !self.status.borrow().not_consumed.contains_key(queue) {
            return;
        }
        self.status.send_modify(|status| {
            Arc::make_mut(&mut status.not_consumed).remove(queue);
        });
        tracing::info!(queue, "The topic of the queue is consumed again.");
    }

    /// Whether Kafka is about to delete messages of a queue, and why that is known.
    pub(super) fn late(&self, queue: &'static str, why: Option<String>) {
        self.status.send_if_modified(|status| {
            if status.late.get(queue) == why.as_ref() {
                return false;
            }
            let late = Arc::make_mut(&mut status.late);
            match why {
                Some(why) => drop(late.insert(queue, why)),
                None => drop(late.remove(queue)),
            }
            true
        });
    }

    /// Logs a change, but not each failed attempt.
    fn tell(&self, up: bool, reason: &str) {
        let mut told = self.lock();
        UP.set_to(up);
        if told.replace(up) == Some(up) {
            return;
        }
        let kafka = &self.place;
        match up {
            true => tracing::info!(kafka, "Kafka is connected."),
            false => tracing::error!(kafka, reason, "Kafka is not connected; trying again."),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<bool>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Told {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        // What a broker that is away makes the library say, time and again, the monitor says once.
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
                tracing::error!(facility, text, "librdkafka.");
            }
            _ => tracing::debug!(facility, text, "librdkafka."),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "librdkafka has an error.");
        if let KafkaError::Global(RDKafkaErrorCode::AllBrokersDown) = error {
            self.0.down("no broker answers");
        } else {
            let mut said = self.0.said.lock().unwrap_or_else(PoisonError::into_inner);
            reason.clone_into(&mut said);
        }
        self.0.doubt.notify_one();
    }
}
