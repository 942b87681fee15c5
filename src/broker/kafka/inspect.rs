//! What a cluster has of queues, for those who look before an instance is started. Nothing is made or changed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::admin::AdminClient;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::metadata::{Metadata, MetadataPartition, MetadataTopic};
use rdkafka::producer::{FutureProducer, Producer as _};

use super::depths::committed;
use super::lag::quarters;
use super::monitor::ASK;
use crate::broker::api::topology::QueueSpec;
use crate::kafka::{KafkaAddress, TopicSettings, settings};

/// A topic of a queue, as the cluster has it.
#[derive(Debug, Clone)]
pub struct InspectedTopic {
    /// The queue.
    pub queue: QueueSpec,
    /// Name of the topic.
    pub name: String,
    /// True if other services write it.
    pub foreign: bool,
    /// Number of its partitions; 0 if there is none.
    pub partitions: usize,
    /// Number of its replicas, where it has the fewest.
    pub replicas: usize,
    /// Number of its replicas that are in sync, where it has the fewest.
    pub in_sync: usize,
    /// Its settings; none if this account may not read them.
    pub settings: Option<TopicSettings>,
    /// Messages that aren't settled, and the quarters of its retention that the oldest has used up; or why nobody knows.
    pub unsettled: Result<(u64, u8), String>,
}

/// Reason why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InspectError(String);

/// Context of a client that keeps what the library says of a connection that isn't there.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<String>>);

impl ClientContext for Said {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, text: &str) {
        tracing::debug!(facility, text, "librdkafka.");
    }

    fn error(&self, _: KafkaError, reason: &str) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The first one is of the connection, those after it say that none is left.
        if said.is_empty() {
            reason.clone_into(&mut said);
        }
    }
}

impl ConsumerContext for Said {}

/// Looks at the topics of all queues that have some.
pub async fn inspect(
    address: &KafkaAddress,
    queues: &[QueueSpec],
) -> Result<Vec<InspectedTopic>, InspectError> {
    let said = Said::default();
    let failed = |error: KafkaError| {
        let said = said.0.lock().unwrap_or_else(PoisonError::into_inner);
        InspectError(match said.as_str() {
            "" => error.to_string(),
            said => said.to_owned(),
        })
    };
    let of_queues = queues
        .iter()
        .filter_map(|queue| Some((*queue, queue.topics()?)));
    let named: Vec<(QueueSpec, [String; 2])> = of_queues.collect();
    let names: Vec<String> = named.iter().flat_map(|(_, names)| names.clone()).collect();
    // A producer, since its library's errors are told of behind its back.
    let client: FutureProducer<Said> = address
        .client()
        .create_with_context(said.clone())
        .map_err(failed)?;
    let metadata = tokio::task::spawn_blocking(move || client.client().fetch_metadata(None, ASK));
    let metadata = metadata
        .await
        .unwrap_or(Err(KafkaError::Canceled))
        .map_err(failed)?;
    let admin: AdminClient<Said> = address
        .client()
        .create_with_context(said.clone())
        .map_err(failed)?;
    let settings = settings(&admin, &names).await.unwrap_or_default();
    let address = address.clone();
    let look = move || {
        let each = named.into_iter().flat_map(|(queue, names)| {
            let [messages, retries] = names;
            let foreign = queue.foreign.is_some();
            [(queue, messages, foreign), (queue, retries, false)]
        });
        let topics = each.map(|(queue, name, foreign)| {
            let settings = settings.get(&name).copied();
            let there = topic(&name, &metadata);
            let fewest = |count: fn(&MetadataPartition) -> usize| {
                let partitions = there.iter().flat_map(|topic| topic.partitions());
                partitions.map(count).min().unwrap_or(0)
            };
            InspectedTopic {
                partitions: there.map_or(0, |topic| topic.partitions().len()),
                replicas: fewest(|partition| partition.replicas().len()),
                in_sync: fewest(|partition| partition.isr().len()),
                unsettled: unsettled(&address, &queue, &name, settings)
                    .map_err(|error| error.to_string()),
                queue,
                name,
                foreign,
                settings,
            }
        });
        topics.collect()
    };
    let looked = tokio::task::spawn_blocking(look).await;
    looked.map_err(|error| InspectError(error.to_string()))
}

fn topic<'m>(name: &str, metadata: &'m Metadata) -> Option<&'m MetadataTopic> {
    let mut topics = metadata.topics().iter();
    topics.find(|topic| topic.name() == name && !topic.partitions().is_empty())
}

fn unsettled(
    address: &KafkaAddress,
    queue: &QueueSpec,
    name: &str,
    settings: Option<TopicSettings>,
) -> Result<(u64, u8), KafkaError> {
    let mut config = address.client();
    config.set("group.id", queue.topic.map_or("", |topic| topic.name));
    let client: BaseConsumer<Said> = config.create_with_context(Said::default())?;
    let quarter = settings.and_then(|settings| settings.retention_ms);
    let quarter = quarter.map(|retention| Duration::from_millis(retention / 4));
    let (mut messages, mut used) = (0, 0);
    for committed in committed(&client, name)? {
        messages += committed.open();
        if let Some(quarter) = quarter.filter(|_| committed.open() > 0) {
            used = quarters(&client, address, name, &committed, quarter)?.max(used);
        }
    }
    Ok((messages, used))
}
