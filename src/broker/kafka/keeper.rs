//! Keeper of the connection: asks whether the cluster answers and how long its topics keep messages, makes those that are
//! missing, and measures what isn't settled.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use rdkafka::error::KafkaError;
use rdkafka::metadata::Metadata;
use rdkafka::producer::Producer as _;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::KafkaOptions;
use super::consumer::Consumer;
use super::lag;
use super::monitor::{ASK, Monitor, Told};
use super::producer::Producer;
use super::topics::{self, Wanted};
use crate::broker::api::status::Link;
use crate::broker::api::topology::QueueSpec;
use crate::kafka::{KafkaAddress, settings};

/// Interval between looks at a cluster that answers, and at one that doesn't.
const GOOD: Duration = Duration::from_secs(10);
const BAD: Duration = Duration::from_millis(500);

/// Interval between measurements of the lag.
const MEASURE: Duration = Duration::from_secs(5);

/// Interval between questions about the settings of topics.
const DESCRIBE: Duration = Duration::from_secs(60);

/// Keeper of the connection to a cluster.
pub(super) struct Keeper {
    pub(super) address: KafkaAddress,
    pub(super) options: KafkaOptions,
    pub(super) monitor: Arc<Monitor>,
    pub(super) producer: Arc<Producer>,
    pub(super) wanted: Vec<Wanted>,
    /// Numbers of partitions that the topics of the queues have, those of retries after each.
    pub(super) partitions: Arc<[[AtomicU16; 2]]>,
    pub(super) consumers: Vec<Arc<Consumer>>,
    pub(super) stop: CancellationToken,
}

impl Keeper {
    /// Keeps looking until the broker is closed.
    pub(super) async fn run(self, queues: Vec<QueueSpec>) {
        let stop = self.stop.clone();
        stop.run_until_cancelled(async {
            let (mut measured, mut described) = (None::<Instant>, None::<Instant>);
            loop {
                match self.look(&queues).await {
                    Ok(()) => {}
                    Err(error) => self.monitor.down(&error.to_string()),
                }
                let up = self.monitor.status().borrow().link == Link::Up;
                if up && described.is_none_or(|described| described.elapsed() >= DESCRIBE) {
                    described = Some(Instant::now());
                    if let Err(error) = self.describe().await {
                        tracing::debug!(%error, "The settings of topics can't be read.");
                    }
                }
                if up && measured.is_none_or(|measured| measured.elapsed() >= MEASURE) {
                    measured = Some(Instant::now());
                    self.measure().await;
                }
                let pause = if up { MEASURE.min(GOOD) } else { BAD };
                // A connection that breaks is looked at soon, but not without a pause.
                tokio::time::sleep(BAD).await;
                timeout(pause, self.monitor.doubt.notified()).await.ok();
            }
        })
        .await;
    }

    /// Asks for the topics, and makes those that are missing.
    async fn look(&self, queues: &[QueueSpec]) -> Result<(), KafkaError> {
        let mut metadata = self.metadata().await?;
        let missing = topics::missing(&self.wanted, &metadata);
        if !missing.is_empty() {
            let told = Told(Arc::clone(&self.monitor));
            let config = self.address.client();
            topics::make(&config, told, &missing, self.options.max_record()).await?;
            metadata = self.metadata().await?;
        }
        let names = queues.iter().filter_map(QueueSpec::topics);
        for (names, counts) in names.zip(&*self.partitions) {
            for (name, count) in names.iter().zip(counts) {
                if let Some(partitions) = topics::partitions(name, &metadata) {
                    count.store(partitions, Ordering::Relaxed);
                }
            }
        }
        let still_missing = topics::missing(&self.wanted, &metadata);
        if still_missing.is_empty() {
            let mut problems = topics::differences(&self.wanted, &metadata);
            problems.extend(topics::absent(queues, &metadata));
            self.monitor.up(problems);
        }
        Ok(())
    }

    /// Asks how long topics keep messages.
    async fn describe(&self) -> Result<(), KafkaError> {
        let told = Told(Arc::clone(&self.monitor));
        let admin = self.address.client().create_with_context(told)?;
        let names = self.consumers.iter().flat_map(|consumer| &consumer.names);
        let names: Vec<String> = names.map(ToString::to_string).collect();
        let settings = settings(&admin, &names).await?;
        for consumer in &self.consumers {
            for (name, retention) in consumer.names.iter().zip(&consumer.retention) {
                if let Some(settings) = settings.get(&**name) {
                    retention.set(settings.retention_ms);
                }
            }
        }
        Ok(())
    }

    async fn metadata(&self) -> Result<Metadata, KafkaError> {
        let client = self.producer.client();
        let asked = tokio::task::spawn_blocking(move || client.client().fetch_metadata(None, ASK));
        asked.await.unwrap_or(Err(KafkaError::Canceled))
    }

    async fn measure(&self) {
        let consumers = self.consumers.clone();
        let measured = tokio::task::spawn_blocking(move || {
            for consumer in consumers {
                lag::measure(&consumer);
            }
        });
        measured.await.ok();
    }
}
