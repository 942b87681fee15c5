//! Broker of an instance: RabbitMQ or memory, and Kafka beside RabbitMQ for the queues that are there.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::timeout;

use super::Config;
use crate::broker::{self, Broker, Embedded, KafkaOptions, Link, RabbitOptions, Topology};

/// Memory budget of the in-memory broker: room for half a batch of every table, many times over.
const EMBEDDED_BUDGET: usize = 256 << 20;

/// Starts to connect to what the configuration names.
pub(super) fn connect(config: &Config, topology: &Topology) -> anyhow::Result<Arc<dyn Broker>> {
    let Some(address) = address(config)? else {
        return Ok(Arc::new(Embedded::new(topology, EMBEDDED_BUDGET)));
    };
    let options = (RabbitOptions::default(), KafkaOptions::default());
    let kafka = config.kafka.as_ref();
    Ok(broker::connect(address, kafka, topology, options)?)
}

/// Address of RabbitMQ, whose certificates can be read; none for the broker in memory.
pub(super) fn address(config: &Config) -> anyhow::Result<Option<broker::Address>> {
    let Some(url) = &config.amqp_url else {
        anyhow::ensure!(
            config.kafka.is_none(),
            "--kafka-brokers needs --amqp-url: RabbitMQ carries the other queues and the dead letters"
        );
        return Ok(None);
    };
    let address = broker::Address::parse(url).context("--amqp-url")?;
    address.read_certificates().context("--amqp-url")?;
    Ok(Some(address))
}

/// Waits for the broker at a strict start, up to a limit.
pub(super) async fn connected(broker: &Arc<dyn Broker>) -> anyhow::Result<()> {
    const TIME_LIMIT: Duration = Duration::from_secs(15);
    let mut status = broker.status();
    let up = timeout(TIME_LIMIT, status.wait_for(|s| s.link == Link::Up)).await;
    let problems: Vec<String> = match up {
        Ok(Ok(status)) => status.problems.iter().map(ToString::to_string).collect(),
        _ => vec![format!(
            "the broker does not answer (--strict requires it at start): {:?}",
            broker.status().borrow().link
        )],
    };
    anyhow::ensure!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}
