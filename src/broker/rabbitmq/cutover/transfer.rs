//! Moves the messages of one queue to the end of another.

use std::time::Duration;

use futures_util::StreamExt as _;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
    ConfirmSelectOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Confirmation, Consumer, Error};
use tokio::time::timeout;

use super::CutoverError;
use crate::broker::rabbitmq::declare::name;
use crate::broker::rabbitmq::dial::Session;

/// Number of messages that are moved at once.
pub(super) const WINDOW: u16 = 200;

/// When nothing comes for so long, there is nothing left.
const QUIET: Duration = Duration::from_millis(300);

/// Timeout of the confirms of a window.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Moves until nothing comes any more, and says how many there were. Nobody else may consume meanwhile.
pub(super) async fn all(session: &Session, from: &str, to: &str) -> Result<u64, CutoverError> {
    let channel = session.ask(session.connection.create_channel()).await?;
    let confirming = channel.confirm_select(ConfirmSelectOptions::default());
    session.ask(confirming).await?;
    let limited = channel.basic_qos(WINDOW, BasicQosOptions::default());
    session.ask(limited).await?;
    let options = BasicConsumeOptions {
        exclusive: true,
        ..Default::default()
    };
    let consuming = channel.basic_consume(name(from)?, name("")?, options, FieldTable::default());
    let mut consumer = session.ask(consuming).await?;
    let mut moved = 0;
    loop {
        let window = window(&mut consumer).await?;
        if window.is_empty() {
            break;
        }
        moved += window.len() as u64;
        let moving = timeout(TIME_LIMIT, move_window(&channel, to, window)).await;
        if !moving.unwrap_or(Ok(false))? {
            return Err(CutoverError::NotMoved {
                from: from.to_owned(),
                to: to.to_owned(),
            });
        }
    }
    let cancelled = channel.basic_cancel(consumer.tag(), BasicCancelOptions::default());
    session.ask(cancelled).await?;
    // Messages that were delivered between the last look and the end go back to the queue with the channel.
    session.ask(channel.close(200, "OK".into())).await?;
    Ok(moved)
}

/// The next messages, as many as there are and fit.
pub(super) async fn window(consumer: &mut Consumer) -> Result<Vec<Delivery>, Error> {
    let mut window = Vec::new();
    while window.len() < usize::from(WINDOW) {
        match timeout(QUIET, consumer.next()).await {
            Ok(Some(delivery)) => window.push(delivery?),
            Ok(None) => return Err(std::io::Error::other("the consumer was cancelled").into()),
            Err(_) => break,
        }
    }
    Ok(window)
}

/// Publishes the messages as they are, straight to a queue, and acknowledges them when all are confirmed.
async fn move_window(channel: &Channel, to: &str, window: Vec<Delivery>) -> Result<bool, Error> {
    let messages = window.iter();
    let messages = messages.map(|message| (&*message.data, message.properties.clone()));
    if !put(channel, to, messages).await? {
        return Ok(false);
    }
    let Some(last) = window.last() else {
        return Ok(true);
    };
    last.acker.ack(BasicAckOptions { multiple: true }).await
}

/// Publishes messages straight to a queue; true if all of them are confirmed and in it.
pub(super) async fn put(
    channel: &Channel,
    to: &str,
    messages: impl Iterator<Item = (&[u8], BasicProperties)>,
) -> Result<bool, Error> {
    let options = BasicPublishOptions {
        mandatory: true,
        immediate: false,
    };
    let mut confirms = Vec::new();
    for (body, properties) in messages {
        let published = channel.basic_publish(name("")?, name(to)?, options, body, properties);
        confirms.push(published.await?);
    }
    for confirm in confirms {
        // A message that came back may come with any confirm of the window.
        if !matches!(confirm.await?, Confirmation::Ack(None)) {
            return Ok(false);
        }
    }
    Ok(true)
}
