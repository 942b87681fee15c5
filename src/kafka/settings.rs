//! Settings of topics, as the cluster has them.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, OwnedResourceSpecifier, ResourceSpecifier,
};
use rdkafka::error::KafkaError;

/// How long the cluster may take to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// Settings of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicSettings {
    /// How long a message is kept, in milliseconds; none if none is deleted by its age.
    pub retention_ms: Option<u64>,
    /// Number of replicas that must have a message before it is confirmed.
    pub in_sync: u16,
    /// The largest batch of records that it takes, in bytes.
    pub max_message: u64,
}

/// Asks for the settings of topics. One that isn't there, or whose settings this account may not read, is left out.
pub async fn settings<C: ClientContext>(
    admin: &AdminClient<C>,
    topics: &[String],
) -> Result<BTreeMap<String, TopicSettings>, KafkaError> {
    if topics.is_empty() {
        return Ok(BTreeMap::new());
    }
    let named: Vec<_> = topics
        .iter()
        .map(|topic| ResourceSpecifier::Topic(topic))
        .collect();
    let options = AdminOptions::new().request_timeout(Some(LIMIT));
    let answers = admin.describe_configs(&named, &options).await?;
    let settings = answers.into_iter().flatten().filter_map(|resource| {
        let settings = of(&resource);
        match resource.specifier {
            OwnedResourceSpecifier::Topic(name) => Some((name, settings)),
            _ => None,
        }
    });
    Ok(settings.collect())
}

fn of(resource: &ConfigResource) -> TopicSettings {
    let text = |name| resource.get(name).and_then(|entry| entry.value.as_deref());
    let deletes = text("cleanup.policy").is_none_or(|policy| policy.contains("delete"));
    // -1 is for ever.
    let retention = text("retention.ms").and_then(|text| text.parse().ok());
    TopicSettings {
        retention_ms: retention.filter(|_| deletes),
        in_sync: text("min.insync.replicas")
            .and_then(|text| text.parse().ok())
            .unwrap_or(1),
        max_message: text("max.message.bytes")
            .and_then(|text| text.parse().ok())
            .unwrap_or(1 << 20),
    }
}
