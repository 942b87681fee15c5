//! Topic of a target: a record for each message, which other services read.
//!
//! A record is written when all in-sync replicas have it (`acks=all`), once for each attempt (`enable.idempotence`). Each is
//! alone in its batch, so that what a broker refuses is this record and no other.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};

use super::RequestsError;
use super::answer::RequestError;
use super::api::filled;
use crate::contract::headers::TRACE;
use crate::contract::{self, Request};
use crate::kafka::KafkaAddress;
use crate::sink::Fault;
use crate::trace::Span;

/// The header that holds the message's id, if the request doesn't name another one.
const ID: &str = "message-id";

/// The largest record that is offered; the topic says what it takes.
const MOST: usize = 64 << 20;

/// How long the cluster may take to say whether it is there.
const ASK: Duration = Duration::from_secs(3);

type Client = FutureProducer<Logged>;

/// Context of a client, whose words go to the log.
#[derive(Clone)]
struct Logged;

/// Topic of a target.
pub(super) struct Topic {
    name: &'static str,
    /// What the values are.
    content_type: &'static str,
    address: KafkaAddress,
    /// Replaced after an error that the library calls fatal.
    client: Mutex<Client>,
    headers: Vec<(&'static str, String)>,
    id: &'static str,
    timeout: Duration,
    shown: String,
}

impl Topic {
    /// Creates it with the values of its variables.
    pub(super) fn new(
        request: &'static Request,
        spec: &'static contract::Target,
        (name, address): (&'static str, &KafkaAddress),
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, RequestsError> {
        let timeout = Duration::from_millis(u64::from(request.timeout_ms));
        let headers = spec.headers.iter();
        Ok(Topic {
            name,
            content_type: spec.content_type(),
            address: address.clone(),
            client: Mutex::new(client(address, timeout)?),
            headers: headers
                .map(|(name, template)| (*name, filled(template, variable)))
                .collect(),
            id: request.idempotency_key.unwrap_or(ID),
            timeout,
            shown: format!("topic {name}"),
        })
    }

    /// Address for people.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Looks whether it is there, or says what is wrong.
    pub(super) async fn reach(&self) -> Result<(), String> {
        self.trouble(&self.client()).await.map_or(Ok(()), Err)
    }

    /// Writes a record, and waits until it is confirmed. What reads it is told of the span, if that is recorded.
    pub(super) async fn write(
        &self,
        body: &[u8],
        id: &str,
        key: Option<&str>,
        span: Option<&mut Span>,
    ) -> Result<(), RequestError> {
        let mut headers = self.headers(id);
        if let Some(span) = span {
            span.set("messaging.system", "kafka");
            span.set("messaging.destination.name", self.name);
            if let Some(context) = span.context() {
                let (key, value) = (TRACE, Some(context.to_string()));
                let value = value.as_ref();
                headers = headers.insert(Header { key, value });
            }
        }
        let client = self.client();
        let mut record: FutureRecord<'_, str, [u8]> =
            FutureRecord::to(self.name).payload(body).headers(headers);
        if let Some(key) = key {
            record = record.key(key);
        }
        let written = match client.send_result(record) {
            Ok(answer) => answer.await,
            Err((error, _)) => return Err(self.failed(&client, &error).await),
        };
        match written {
            Ok(Ok(_)) => Ok(()),
            Ok(Err((error, _))) => Err(self.failed(&client, &error).await),
            Err(_) => Err(self.error(Fault::Transient, "the producer was replaced")),
        }
    }

    fn headers(&self, id: &str) -> OwnedHeaders {
        let own = [("content-type", self.content_type), (self.id, id)];
        let declared = self
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let headers = OwnedHeaders::new_with_capacity(own.len() + self.headers.len());
        own.into_iter()
            .chain(declared)
            .fold(headers, |headers, (key, value)| {
                let value = Some(value);
                headers.insert(Header { key, value })
            })
    }

    async fn failed(&self, client: &Client, error: &KafkaError) -> RequestError {
        self.replace_if_fatal(client);
        let code = error.rdkafka_error_code();
        let fault = match code.map_or(Fault::Transient, fault) {
            // Whether it is slow or away, the library doesn't say.
            Fault::Unanswered => match self.trouble(client).await {
                Some(reason) => return self.error(Fault::Destination, &reason),
                None => Fault::Transient,
            },
            fault => fault,
        };
        let reason = code.map_or_else(|| error.to_string(), |code| code.to_string());
        self.error(fault, &reason)
    }

    /// What is wrong with the cluster or the topic, if something is.
    async fn trouble(&self, client: &Client) -> Option<String> {
        let (client, name) = (client.clone(), self.name);
        let ask = move || client.client().fetch_metadata(Some(name), ASK);
        match tokio::task::spawn_blocking(ask).await {
            Ok(Ok(metadata)) => {
                let mut topics = metadata.topics().iter();
                let there = topics.any(|topic| !topic.partitions().is_empty());
                (!there).then(|| "there is none, or this account may not describe it".to_owned())
            }
            Ok(Err(error)) => Some(format!("Kafka does not answer: {error}")),
            Err(_) => None,
        }
    }

    fn error(&self, fault: Fault, reason: &str) -> RequestError {
        RequestError::unanswered(fault, format!("{}: {reason}", self.shown))
    }

    fn client(&self) -> Client {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        client.clone()
    }

    /// After some errors the library does nothing any more.
    fn replace_if_fatal(&self, failed: &Client) {
        if failed.client().fatal_error().is_none() {
            return;
        }
        let mut current = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if current.client().fatal_error().is_none() {
            return;
        }
        match client(&self.address, self.timeout) {
            Ok(fresh) => *current = fresh,
            Err(error) => tracing::error!(%error, "No producer can be made."),
        }
    }
}

/// Whose fault an error is.
fn fault(code: Code) -> Fault {
    match code {
        Code::MessageSizeTooLarge
        | Code::MessageBatchTooLarge
        | Code::InvalidMessage
        | Code::InvalidMessageSize
        | Code::InvalidRecord
        | Code::InvalidTimestamp => Fault::Content,
        Code::UnknownTopic
        | Code::UnknownTopicOrPartition
        | Code::UnknownPartition
        | Code::InvalidTopic
        | Code::TopicAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::SaslAuthenticationFailed
        | Code::Authentication
        | Code::PolicyViolation
        | Code::InvalidRequiredAcks
        | Code::AllBrokersDown
        | Code::BrokerTransportFailure
        | Code::NotEnoughReplicas => Fault::Destination,
        Code::MessageTimedOut => Fault::Unanswered,
        _ => Fault::Transient,
    }
}

fn client(address: &KafkaAddress, timeout: Duration) -> Result<Client, KafkaError> {
    let mut config = address.client();
    config.set("enable.idempotence", "true");
    config.set("acks", "all");
    config.set("linger.ms", "0");
    config.set("batch.num.messages", "1");
    config.set("compression.codec", "lz4");
    // The same partitions that Java's producers choose.
    config.set("partitioner", "murmur2_random");
    config.set("message.timeout.ms", timeout.as_millis().to_string());
    config.set("message.max.bytes", MOST.to_string());
    config.create_with_context(Logged)
}

impl ClientContext for Logged {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, text: &str) {
        tracing::debug!(facility, text, "librdkafka.");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "librdkafka has an error.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_refused_is_to_blame_and_a_topic_that_is_missing_is_not_the_records_fault() {
        assert_eq!(fault(Code::MessageSizeTooLarge), Fault::Content);
        assert_eq!(fault(Code::InvalidRecord), Fault::Content);
        assert_eq!(fault(Code::TopicAuthorizationFailed), Fault::Destination);
        assert_eq!(fault(Code::NotEnoughReplicas), Fault::Destination);
        // Another record of its batch was refused, or the leader moves.
        assert_eq!(fault(Code::InvalidDifferentRecord), Fault::Transient);
        assert_eq!(fault(Code::NotLeaderForPartition), Fault::Transient);
    }
}
