//! What an account may do with exchanges and queues. Nothing is changed.

use std::time::Duration;

use lapin::BasicProperties;
use lapin::options::BasicPublishOptions;
use tokio::time::timeout;

use super::{Cutover, CutoverError, Sample, refused};
use crate::broker::rabbitmq::declare::name;

/// Timeout of a publication. A server that holds back publishers doesn't answer.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Routing key of the message that is published and taken back.
const KEY: &str = "event-grpc.doctor";

/// What an account may do with an exchange or a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Right {
    /// It may.
    Granted,
    /// It may not; with the server's answer.
    Refused(String),
    /// The server holds back whoever publishes: it is low on memory or disk.
    Blocked,
}

impl Cutover {
    /// Whether this account may publish to an exchange. The message is taken back, by the end of its transaction.
    ///
    /// # Errors
    ///
    /// If the connection breaks.
    pub async fn may_publish(&self, exchange: &str) -> Result<Right, CutoverError> {
        let channel = self.channel().await?;
        self.session.ask(channel.tx_select()).await?;
        let published = async {
            let options = BasicPublishOptions::default();
            let (exchange, key) = (name(exchange)?, name(KEY)?);
            let properties = BasicProperties::default();
            channel
                .basic_publish(exchange, key, options, b"", properties)
                .await?;
            channel.tx_rollback().await
        };
        match timeout(TIME_LIMIT, self.session.ask(published)).await {
            Ok(outcome) => {
                let refused = refused(outcome)?;
                Ok(refused.map_or(Right::Granted, Right::Refused))
            }
            // One that is held back isn't answered.
            Err(_) => Ok(Right::Blocked),
        }
    }

    /// Whether this account may consume a queue: its first message is looked at, and goes back.
    ///
    /// # Errors
    ///
    /// If the connection breaks.
    pub async fn may_consume(&self, queue: &str) -> Result<Right, CutoverError> {
        let one = Sample {
            messages: 1,
            bytes: usize::MAX,
        };
        match self.sample(queue, one, drop).await {
            Ok(_) => Ok(Right::Granted),
            Err(CutoverError::Broker(error)) => {
                let refused = refused(Err(error))?;
                Ok(refused.map_or(Right::Granted, Right::Refused))
            }
            Err(error) => Err(error),
        }
    }
}
