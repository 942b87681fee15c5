//! Moves the messages of a queue that Kafka carries now out of RabbitMQ, and deletes the queue and partitions that it had.

use futures_util::future::{BoxFuture, try_join_all};
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;

use super::transfer::{WINDOW, window};
use super::{Cutover, CutoverError, Deleted};
use crate::broker::api::error::PublishError;
use crate::broker::api::message::Outgoing;
use crate::broker::api::topology::QueueSpec;
use crate::broker::rabbitmq::declare::name;
use crate::broker::rabbitmq::properties::from_amqp;

/// Publishes a message to the topic of the queue, and waits until that is confirmed.
pub type Publish<'a> = &'a (dyn Fn(Outgoing) -> BoxFuture<'a, Result<(), PublishError>> + Sync);

impl Cutover {
    /// Takes the bindings of a queue and of its partitions away, moves their messages and deletes them; says how many there
    /// were, or that the queue isn't there. What is begun and broken off is finished by doing it again. Nobody may consume them
    /// meanwhile.
    pub async fn leave(
        &self,
        queue: &QueueSpec,
        publish: Publish<'_>,
    ) -> Result<Option<u64>, CutoverError> {
        if self.counts(queue.name).await?.is_none() {
            return Ok(None);
        }
        let partitions = self.former_partitions(queue).await?;
        for name in partitions.iter().map(String::as_str).chain([queue.name]) {
            if let Some((_, consumers @ 1..)) = self.counts(name).await? {
                let queue = queue.name;
                return Err(CutoverError::Consumed { queue, consumers });
            }
        }
        for route in queue.bindings {
            // One that isn't there is none.
            self.unbind_route(queue.name, *route).await?;
        }
        self.unbind_partitions(queue).await?;
        let mut moved = 0;
        for partition in &partitions {
            let quorum = self.is_quorum(partition).await?;
            loop {
                moved += self.move_out(partition, queue, publish).await?;
                if self.delete_emptied(partition, quorum).await? {
                    break;
                }
            }
        }
        self.join(queue).await?;
        // The queue itself is the last one: as long as it is there, all of this is done again.
        loop {
            moved += self.move_out(queue.name, queue, publish).await?;
            if !matches!(self.delete_queue(queue.name).await?, Deleted::Left(_)) {
                return Ok(Some(moved));
            }
            let left = self.counts(queue.name).await?;
            // What keeps it there is not a message that came late.
            if left.is_some_and(|(messages, _)| messages == 0)
                && self.proved_empty(queue.name).await?
            {
                return Ok(Some(moved));
            }
        }
    }

    async fn move_out(
        &self,
        from: &str,
        queue: &QueueSpec,
        publish: Publish<'_>,
    ) -> Result<u64, CutoverError> {
        let channel = self.channel().await?;
        let limited = channel.basic_qos(WINDOW, BasicQosOptions::default());
        self.session.ask(limited).await?;
        let options = BasicConsumeOptions {
            exclusive: true,
            ..Default::default()
        };
        let (from, tag) = (name(from)?, name("")?);
        let consuming = channel.basic_consume(from, tag, options, FieldTable::default());
        let mut consumer = self.session.ask(consuming).await?;
        let mut moved = 0;
        loop {
            let window = window(&mut consumer).await?;
            let Some(last) = window.last() else { break };
            let published = window.iter().map(|message| {
                let (exchange, key) = (
                    message.exchange.to_string(),
                    message.routing_key.to_string(),
                );
                let properties = from_amqp(&message.properties);
                publish(Outgoing::new(exchange, key, message.data.clone()).with(properties))
            });
            let not_taken = |reason| CutoverError::NotTaken {
                queue: queue.name,
                reason,
            };
            try_join_all(published).await.map_err(not_taken)?;
            last.acker.ack(BasicAckOptions { multiple: true }).await?;
            moved += window.len() as u64;
        }
        // What was delivered between the last look and the end goes back to the queue with the channel.
        self.session.ask(channel.close(200, "OK".into())).await?;
        Ok(moved)
    }
}
