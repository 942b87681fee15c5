//! The way back: what isn't settled in a queue's topics goes to the queue in RabbitMQ.

use crate::broker::kafka::{Drain, DrainError, KafkaAddress};
use crate::broker::rabbitmq::{Cutover, CutoverError};

/// Reason why messages could not be moved. They are where they were, and it can be done again.
#[derive(Debug, thiserror::Error)]
pub enum BackError {
    /// Kafka doesn't give them.
    #[error(transparent)]
    Kafka(#[from] DrainError),
    /// RabbitMQ doesn't take them.
    #[error(transparent)]
    Rabbit(#[from] CutoverError),
    /// Nobody has declared the queue.
    #[error(
        "RabbitMQ has no queue `{0}`: start an instance of this build, which declares it, before its messages are moved"
    )]
    NoQueue(&'static str),
}

/// Moves what isn't settled in a topic, and in that of its retries, to a queue; says how many messages there were. Each is
/// confirmed in RabbitMQ before its offset is committed. What is begun and broken off is finished by doing it again:
/// what was moved twice has the same ids. Nobody may consume the topic meanwhile.
pub async fn move_back(
    cutover: &Cutover,
    kafka: &KafkaAddress,
    topic: &str,
    queue: &'static str,
) -> Result<u64, BackError> {
    if cutover.depth(queue).await?.is_none() {
        return Err(BackError::NoQueue(queue));
    }
    let mut drain = Drain::open(kafka, topic).await?;
    let mut moved = 0;
    loop {
        let window = drain.window().await?;
        if window.is_empty() {
            return Ok(moved);
        }
        let messages = window.len() as u64;
        cutover.enter(queue, topic, window).await?;
        drain.commit().await?;
        moved += messages;
    }
}
