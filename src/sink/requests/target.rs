//! Target of a request: an HTTP API or a topic, within its limits.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::RequestsError;
use super::answer::RequestError;
use super::api::Api;
use super::pace::{Pace, Turn};
use super::topic::Topic;
use crate::contract::{self, Request, To};
use crate::kafka::KafkaAddress;
use crate::trace::Span;

/// Target of a request.
pub struct Target {
    name: &'static str,
    way: Way,
    pace: Pace,
    /// Number of messages that it has accepted.
    taken: AtomicU64,
}

enum Way {
    Api(Box<Api>),
    Topic(Box<Topic>),
}

impl Target {
    /// Creates a target with the values of its variables; none if it is a topic and there is no Kafka.
    pub(super) fn new(
        request: &'static Request,
        spec: &'static contract::Target,
        kafka: Option<&KafkaAddress>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, RequestsError> {
        let way = match (spec.to, kafka) {
            (To::Url { method, url }, _) => {
                Way::Api(Box::new(Api::new(request, spec, (method, url), variable)?))
            }
            (To::Topic { name, .. }, Some(kafka)) => Way::Topic(Box::new(Topic::new(
                request,
                spec,
                (name, kafka),
                variable,
            )?)),
            (To::Topic { .. }, None) => return Err(RequestsError::NoKafka(spec.name)),
        };
        Ok(Target {
            name: spec.name,
            way,
            pace: Pace::new(request.concurrency, request.rate),
            taken: AtomicU64::new(0),
        })
    }

    /// Its name in `pipeline.yaml`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Number of messages that it has accepted since the start.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Acquire)
    }

    /// Waits until one more attempt may be made.
    pub async fn turn(&self) -> Turn {
        self.pace.turn().await
    }

    /// What a request does: its HTTP method, or `send` for a record.
    pub fn method(&self) -> &str {
        match &self.way {
            Way::Api(api) => api.method(),
            Way::Topic(_) => "send",
        }
    }

    /// Sends a body once, under the id of its message, in a span if that is recorded. Of a record it has a `key`, too.
    pub async fn send(
        &self,
        turn: Turn,
        body: Bytes,
        id: &str,
        key: Option<&str>,
        mut span: Option<&mut Span>,
    ) -> Result<(), RequestError> {
        if let Some(span) = &mut span {
            span.set("event_grpc.target", self.name);
        }
        let result = match &self.way {
            Way::Api(api) => api.exchange(body, id, span).await,
            Way::Topic(topic) => topic.write(&body, id, key, span).await,
        };
        match &result {
            Ok(()) => {
                self.taken.fetch_add(1, Ordering::AcqRel);
            }
            Err(error) => {
                if let Some(time) = error.retry_after {
                    self.pace.hold(time);
                }
            }
        }
        drop(turn);
        result
    }

    /// Looks whether it is there, without sending anything: a connection to an API, with its certificate, or what Kafka says
    /// of a topic.
    pub async fn reach(&self) -> Result<(), String> {
        match &self.way {
            Way::Api(api) => api.reach().await,
            Way::Topic(topic) => topic.reach().await,
        }
    }

    /// Its address for people, without secrets.
    pub fn shown(&self) -> &str {
        match &self.way {
            Way::Api(api) => api.shown(),
            Way::Topic(topic) => topic.shown(),
        }
    }
}

// Neither the headers nor the whole URL are shown.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Target");
        let address = self.shown();
        shown.field("name", &self.name).field("address", &address);
        shown.finish_non_exhaustive()
    }
}
