//! Takes a reading: asks the instances and the broker twice, a moment apart.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use super::super::ask::Asks;
use super::Args;
use crate::app::environment;
use crate::broker::{Address, Depths, KafkaAddress, unsettled};
use crate::cli::settings;
use crate::generated::PIPELINE;
use crate::ops::ledger::{Broker, Counts, Depth, Instance, Reading, counts};
use crate::time::now_ms;

/// Interval between the two. Messages on their way to a consumer or a publisher have arrived by then, unless more
/// follow.
const MOMENT: Duration = Duration::from_millis(250);

/// The same where queues are in Kafka, longer than the interval between commits: what an instance has settled and not committed
/// yet is still there according to Kafka, and would count twice.
const COMMITTED: Duration = Duration::from_millis(800);

/// Reading at a moment when nothing moves, if there is one soon; else the last one that was taken.
pub(super) async fn reading(args: &Args) -> anyhow::Result<Reading> {
    let mut broker = match environment::option("EVENT_GRPC_AMQP_URL", args.amqp_url.as_ref())? {
        Some(url) => {
            let address = Address::parse(&url).with_context(|| settings::named("amqp-url"))?;
            Some(Depths::dial(&address, "event-grpc ledger").await?)
        }
        None => None,
    };
    let kafka = args.kafka.address()?;
    let asks = Asks::new(&args.ask)?;
    let end = Instant::now() + Duration::from_secs(args.wait);
    let reading = loop {
        let reading = once(&args.instances, &asks, broker.as_mut(), kafka.as_ref()).await?;
        if reading.is_quiet() || Instant::now() >= end {
            break reading;
        }
    };
    if let Some(broker) = broker {
        broker.close().await;
    }
    Ok(reading)
}

async fn once(
    urls: &[String],
    asks: &Asks,
    mut broker: Option<&mut Depths>,
    kafka: Option<&KafkaAddress>,
) -> anyhow::Result<Reading> {
    let at_ms = now_ms();
    let first = all(urls, asks).await;
    let shallow = depths(broker.as_deref_mut(), kafka).await?;
    let in_kafka = PIPELINE.queues.iter().any(|queue| queue.topic.is_some());
    sleep(if in_kafka { COMMITTED } else { MOMENT }).await;
    let deep = depths(broker, kafka).await?;
    let second = all(urls, asks).await;
    let mut reading = Reading {
        at_ms,
        broker: shallow
            .zip(deep)
            .map(|(first, second)| Broker { first, second }),
        ..Reading::default()
    };
    let mut reasons = Vec::new();
    for (url, (first, second)) in urls.iter().zip(first.into_iter().zip(second)) {
        match first.and_then(|first| Ok((first, second?))) {
            Ok((first, second)) => {
                fits(url, &second, reading.broker.is_some())?;
                let instance = Instance { first, second };
                reading.instances.insert(url.clone(), instance);
            }
            Err(error) => {
                reasons.push(format!("{url}: {error:#}"));
                reading.silent.push(url.clone());
            }
        }
    }
    anyhow::ensure!(
        !reading.instances.is_empty(),
        "no instance answers: {}",
        reasons.join("; ")
    );
    for reason in reasons {
        tracing::warn!(reason, "An instance does not answer.");
    }
    for queue in PIPELINE.queues.iter().filter(|queue| queue.topic.is_some()) {
        without_held(&mut reading, queue.name);
    }
    Ok(reading)
}

/// Takes what instances hold out of the depth of a queue: for Kafka it isn't settled, as what waits.
fn without_held(reading: &mut Reading, queue: &str) {
    let Some(broker) = &mut reading.broker else {
        return;
    };
    let held = |counts: &Counts| counts.queues.get(queue).map_or(0, |counts| counts.held);
    let first: u64 = reading.instances.values().map(|i| held(&i.first)).sum();
    let second: u64 = reading.instances.values().map(|i| held(&i.second)).sum();
    for (depths, held) in [(&mut broker.first, first), (&mut broker.second, second)] {
        if let Some(depth) = depths.get_mut(queue) {
            depth.ready = depth.ready.saturating_sub(held);
        }
    }
}

/// Checks that an instance's broker is the one that is asked, or in memory.
fn fits(url: &str, counts: &Counts, remote: bool) -> anyhow::Result<()> {
    let in_memory = counts.queues.values().any(|queue| queue.ready.is_some());
    match (in_memory, remote) {
        (false, false) => anyhow::bail!(
            "{url} publishes to RabbitMQ: --amqp-url (or EVENT_GRPC_AMQP_URL) is required"
        ),
        (true, true) => anyhow::bail!("{url} has its broker in memory: leave --amqp-url out"),
        _ => Ok(()),
    }
}

async fn depths(
    broker: Option<&mut Depths>,
    kafka: Option<&KafkaAddress>,
) -> anyhow::Result<Option<BTreeMap<String, Depth>>> {
    let Some(broker) = broker else {
        return Ok(None);
    };
    let mut depths = BTreeMap::new();
    for queue in PIPELINE.queues {
        if let Some(found) = broker.of(queue.name).await? {
            let depth = Depth {
                ready: found.ready,
                consumers: found.consumers,
            };
            depths.insert(queue.name.to_owned(), depth);
        }
    }
    let topics = PIPELINE.queues.iter();
    let topics: Vec<_> = topics.filter_map(|q| Some((q.name, q.topic?))).collect();
    if topics.is_empty() {
        return Ok(Some(depths));
    }
    let kafka = kafka.context(
        "queues are in Kafka: --kafka-brokers (or EVENT_GRPC_KAFKA_BROKERS) is required",
    )?;
    for (queue, unsettled) in unsettled(kafka, &topics).await? {
        depths.entry(queue.to_owned()).or_default().ready += unsettled;
    }
    Ok(Some(depths))
}

async fn all(urls: &[String], asks: &Asks) -> Vec<anyhow::Result<Counts>> {
    let ask = async |url: &String| {
        let text = asks.metrics(url).await?;
        counts(&text).context("its answer is not the metrics of event-grpc")
    };
    join_all(urls.iter().map(ask)).await
}
