//! Brokers as services other than ours use them: RabbitMQ, and Kafka for what is only there.

use std::sync::Arc;

use anyhow::Context as _;
use event_grpc::broker::{
    self, Address, Broker, KafkaAddress, KafkaOptions, Outgoing, RabbitOptions, Topology,
};
use event_grpc::generated::PIPELINE;
use tokio::time::{Duration, Instant, sleep};

use crate::door::PAUSE;

/// Starts to connect.
pub(crate) fn connect(amqp: &str, kafka: Option<&str>) -> anyhow::Result<Arc<dyn Broker>> {
    let address = Address::parse(amqp).context("the URL of RabbitMQ")?;
    let kafka = kafka.map(KafkaAddress::parse).transpose();
    let kafka = kafka.context("the brokers of Kafka")?;
    let rabbit = RabbitOptions {
        name: "event-grpc loadgen".to_owned(),
        ..RabbitOptions::default()
    };
    let options = KafkaOptions {
        bridges: false,
        ..KafkaOptions::default()
    };
    let topology = Topology::of(&PIPELINE, |_| true);
    Ok(broker::connect(
        address,
        kafka.as_ref(),
        &topology,
        (rabbit, options),
    )?)
}

/// Publishes a message until it is confirmed, or can't be, or for so long.
pub(crate) async fn publish(
    broker: &dyn Broker,
    message: &Outgoing,
    patience: Duration,
) -> Result<(), String> {
    let began = Instant::now();
    loop {
        match broker.publish(message.clone()).await {
            Ok(()) => return Ok(()),
            Err(error) if error.retry_helps() && began.elapsed() < patience => sleep(PAUSE).await,
            Err(error) => return Err(format!("the broker does not take it: {error}")),
        }
    }
}
