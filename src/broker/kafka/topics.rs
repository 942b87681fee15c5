//! Topics: made as the pipeline declares them if they aren't there, and compared with it if they are. Those of other
//! services are only looked for.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::{Metadata, MetadataTopic};

use super::monitor::Told;
use crate::broker::api::topology::{QueueSpec, TopologyError};
use crate::contract::Topic;

/// How long an operation on topics may take.
const LIMIT: Duration = Duration::from_secs(15);

/// Room beside the body of a message in the largest record.
pub(super) const AROUND_BODY: usize = 1 << 20;

/// A topic as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) partitions: u16,
    pub(super) topic: Topic,
}

/// The topics of queues: each has one for its messages, unless those are in a topic of other services, and one for those
/// that go back.
pub(super) fn wanted(queues: &[QueueSpec]) -> Vec<Wanted> {
    let ours = queues.iter().filter_map(|queue| {
        let (topic, [messages, retries]) = (queue.topic?, queue.topics()?);
        let messages = queue.foreign.is_none().then_some(messages);
        let names = messages.into_iter().chain([retries]);
        Some(names.map(move |name| Wanted {
            name,
            partitions: topic.partitions,
            topic,
        }))
    });
    ours.flatten().collect()
}

/// Topics of other services that a cluster doesn't have, or doesn't show.
pub(super) fn absent(queues: &[QueueSpec], metadata: &Metadata) -> Vec<TopologyError> {
    let foreign = queues
        .iter()
        .filter_map(|q| Some((q.name, q.foreign?.topic)));
    let absent = foreign.filter(|(_, topic)| partitions(topic, metadata).unwrap_or(0) == 0);
    absent
        .map(|(queue, topic)| TopologyError {
            what: format!("topic `{topic}`"),
            declared: format!("that other services write to it, for queue `{queue}`"),
            broker: "there is none, or this account may not describe it".to_owned(),
        })
        .collect()
}

/// The topics among these that a cluster doesn't have.
pub(super) fn missing(wanted: &[Wanted], metadata: &Metadata) -> Vec<Wanted> {
    let is_there = |wanted: &&Wanted| found(wanted, metadata).is_none();
    wanted.iter().filter(is_there).cloned().collect()
}

/// Makes topics. One that another instance makes at the same time is as good.
pub(super) async fn make(
    config: &ClientConfig,
    told: Told,
    missing: &[Wanted],
    max_record: usize,
) -> Result<(), KafkaError> {
    let admin: AdminClient<Told> = config.create_with_context(told)?;
    let settings: Vec<[String; 3]> = missing
        .iter()
        .map(|wanted| {
            let topic = wanted.topic;
            [
                topic.retention_ms.to_string(),
                topic.in_sync().to_string(),
                max_record.to_string(),
            ]
        })
        .collect();
    let topics = missing.iter().zip(&settings).map(|(wanted, settings)| {
        let [retention, in_sync, max_record] = settings;
        let replicas = TopicReplication::Fixed(wanted.topic.replicas.into());
        NewTopic::new(&wanted.name, wanted.partitions.into(), replicas)
            .set("cleanup.policy", "delete")
            .set("retention.ms", retention)
            .set("min.insync.replicas", in_sync)
            .set("max.message.bytes", max_record)
    });
    let topics: Vec<NewTopic<'_>> = topics.collect();
    let options = AdminOptions::new().operation_timeout(Some(LIMIT));
    let made = admin.create_topics(&topics, &options).await?;
    for result in made {
        match result {
            Ok(name) => tracing::info!(topic = name, "A topic is made."),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => {
                tracing::error!(topic, reason = %code, "A topic can't be made.");
                return Err(KafkaError::AdminOp(code));
            }
        }
    }
    Ok(())
}

/// What a cluster has otherwise than it is declared.
pub(super) fn differences(wanted: &[Wanted], metadata: &Metadata) -> Vec<TopologyError> {
    let mut differences = Vec::new();
    for wanted in wanted {
        let Some(topic) = found(wanted, metadata) else {
            continue;
        };
        let replicas = topic.partitions().first().map_or(0, |p| p.replicas().len());
        let (partitions, factor) = (topic.partitions().len(), wanted.topic.replicas);
        if partitions != usize::from(wanted.partitions) || replicas < usize::from(factor) {
            differences.push(TopologyError {
                what: format!("topic `{}`", wanted.name),
                declared: format!(
                    "{} partitions with {factor} replicas each",
                    wanted.partitions
                ),
                broker: format!("{partitions} partitions with {replicas} replicas"),
            });
        }
    }
    differences
}

/// Number of partitions that a topic has.
pub(super) fn partitions(name: &str, metadata: &Metadata) -> Option<u16> {
    let topic = metadata
        .topics()
        .iter()
        .find(|topic| topic.name() == name)?;
    u16::try_from(topic.partitions().len()).ok()
}

fn found<'a>(wanted: &Wanted, metadata: &'a Metadata) -> Option<&'a MetadataTopic> {
    let mut topics = metadata.topics().iter();
    topics.find(|topic| topic.name() == wanted.name && !topic.partitions().is_empty())
}
