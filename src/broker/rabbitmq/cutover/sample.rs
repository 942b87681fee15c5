//! Reads messages of a queue without taking them.

use std::borrow::Cow;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use lapin::options::BasicGetOptions;

use super::{Cutover, CutoverError};
use crate::broker::api::delivery::{Ack, Delivery, Settle, Settled, Settlement};
use crate::broker::rabbitmq::declare::name;
use crate::broker::rabbitmq::properties::from_amqp;

/// Bounds of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Maximum number of messages.
    pub messages: usize,
    /// After so many bytes no further message is read.
    pub bytes: usize,
}

impl Cutover {
    /// Shows the first ready messages of a queue, and says how many there were. They go back to their places when the
    /// channel is closed, which happens at the latest with the connection, and are marked as delivered before.
    /// Settling them does nothing.
    pub async fn sample(
        &self,
        queue: &str,
        bounds: Sample,
        mut show: impl FnMut(Delivery),
    ) -> Result<usize, CutoverError> {
        let channel = self.channel().await?;
        let (mut shown, mut bytes) = (0, 0);
        while shown < bounds.messages && bytes < bounds.bytes {
            let got = channel.basic_get(name(queue)?, BasicGetOptions { no_ack: false });
            let Some(message) = self.session.ask(got).await? else {
                break;
            };
            let delivery = message.delivery;
            shown += 1;
            bytes += delivery.data.len();
            show(Delivery {
                exchange: Cow::Owned(delivery.exchange.to_string()),
                routing_key: Cow::Owned(delivery.routing_key.to_string()),
                redelivered: delivery.redelivered,
                properties: from_amqp(&delivery.properties),
                body: Bytes::from(delivery.data),
                place: None,
                ack: Ack::new(Shown),
            });
        }
        self.session.ask(channel.close(200, "OK".into())).await?;
        Ok(shown)
    }
}

/// A message that is only shown.
struct Shown;

impl Settle for Shown {
    fn settle(self: Box<Self>, _: Settlement) -> BoxFuture<'static, Settled> {
        std::future::ready(Settled::Done).boxed()
    }
}
