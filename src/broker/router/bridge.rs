//! Bridge: moves what other services publish to a queue in RabbitMQ to the queue's topic in Kafka.
//!
//! A message is acknowledged once Kafka has confirmed it. Messages are handed to Kafka in the order in which they come,
//! and Kafka keeps the order of a partition; several may be without an answer. When one isn't confirmed, all of them go
//! back to their queue, in their order, and it begins again there. What Kafka will never take, because it is too large,
//! stops nothing behind it: workers get it as it is.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::broker::api::Broker;
use crate::broker::api::delivery::{Ack, Deliveries, Delivery};
use crate::broker::api::error::PublishError;
use crate::broker::api::message::Outgoing;
use crate::broker::kafka::Kafka;

/// The most messages without an answer.
const MOST: usize = 500;

/// Pause after a message that Kafka doesn't take.
const REST: Duration = Duration::from_secs(1);

/// Moves messages until the broker is closed.
pub(super) async fn run(main: Arc<dyn Broker>, kafka: Arc<Kafka>, queue: &'static str) {
    let Some(at) = kafka.queue(queue) else {
        return;
    };
    while let Ok(deliveries) = main.consume(queue) {
        match moving(&deliveries, &kafka, at).await {
            Ok(()) => return,
            Err(error) => {
                drop(deliveries);
                tracing::warn!(queue, %error, "A message could not be moved from RabbitMQ to Kafka; it is tried again.");
            }
        }
        tokio::time::sleep(REST).await;
    }
}

/// A message that Kafka hasn't confirmed yet.
struct Moving {
    confirm: BoxFuture<'static, Result<(), PublishError>>,
    message: Outgoing,
    ack: Ack,
}

async fn moving(
    deliveries: &Deliveries,
    kafka: &Arc<Kafka>,
    at: usize,
) -> Result<(), PublishError> {
    let mut under_way: VecDeque<Moving> = VecDeque::new();
    loop {
        let full = under_way.len() >= MOST;
        let confirmed = async {
            match under_way.front_mut() {
                Some(first) => (&mut first.confirm).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            confirmed = confirmed => {
                let Some(Moving { message, ack, .. }) = under_way.pop_front() else {
                    continue;
                };
                match confirmed {
                    // If RabbitMQ doesn't hear of it, the message is moved once more, under the same id.
                    Ok(()) => _ = ack.ack().await,
                    // Those behind it go back with it.
                    Err(error) => work_on(kafka, at, message, ack, error).await?,
                }
            }
            delivery = deliveries.next(), if !full => {
                let Some(delivery) = delivery else {
                    return Ok(());
                };
                let message = Outgoing::new(delivery.exchange, delivery.routing_key, delivery.body)
                    .with(delivery.properties);
                let ack = delivery.ack;
                match kafka.enqueue(at, message.clone()).await {
                    Ok(confirm) => under_way.push_back(Moving { confirm, message, ack }),
                    Err(error) => work_on(kafka, at, message, ack, error).await?,
                }
            }
        }
    }
}

/// Hands a message that Kafka will never take to the workers of its queue, who settle it in RabbitMQ. Any other one goes
/// back, as does this one while nobody consumes.
async fn work_on(
    kafka: &Kafka,
    at: usize,
    message: Outgoing,
    ack: Ack,
    error: PublishError,
) -> Result<(), PublishError> {
    if error.retry_helps() {
        return Err(error);
    }
    let delivery = Delivery {
        body: message.body,
        exchange: message.exchange,
        routing_key: message.routing_key,
        redelivered: true,
        properties: message.properties,
        place: None,
        ack,
    };
    match kafka.hand_on(at, delivery).await {
        true => Ok(()),
        false => Err(error),
    }
}
