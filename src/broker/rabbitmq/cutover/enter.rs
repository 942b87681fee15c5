//! Puts messages that were in Kafka into the queue that RabbitMQ has for them.

use lapin::options::ConfirmSelectOptions;
use tokio::time::timeout;

use super::transfer::{TIME_LIMIT, put};
use super::{Cutover, CutoverError};
use crate::broker::api::message::{HeaderValue, Outgoing};
use crate::broker::rabbitmq::properties::to_amqp;
use crate::contract::headers::{RETRY_EXCHANGE, RETRY_ROUTING_KEY};

impl Cutover {
    /// Publishes messages of a topic straight to a queue, past all exchanges, and waits until all are confirmed. Where they
    /// were first published stays with them.
    pub async fn enter(
        &self,
        queue: &'static str,
        topic: &str,
        messages: Vec<Outgoing>,
    ) -> Result<(), CutoverError> {
        let channel = self.channel().await?;
        let confirming = channel.confirm_select(ConfirmSelectOptions::default());
        self.session.ask(confirming).await?;
        let mut converted = Vec::with_capacity(messages.len());
        for message in messages.into_iter().map(with_origin) {
            let properties = to_amqp(&message.properties, None);
            let properties = properties.map_err(|error| std::io::Error::other(error.to_string()));
            converted.push((message.body, properties.map_err(lapin::Error::from)?));
        }
        let messages = converted.iter();
        let messages = messages.map(|(body, properties)| (&**body, properties.clone()));
        let moved = timeout(TIME_LIMIT, put(&channel, queue, messages)).await;
        if !moved.unwrap_or(Ok(false))? {
            return Err(CutoverError::NotMoved {
                from: topic.to_owned(),
                to: queue.to_owned(),
            });
        }
        self.session.ask(channel.close(200, "OK".into())).await?;
        Ok(())
    }
}

/// The message with its exchange and routing key in its headers, as a retry has them. One that was a retry has its own.
fn with_origin(mut message: Outgoing) -> Outgoing {
    if !message.exchange.is_empty() {
        let text = |text: &str| HeaderValue::Text(text.to_owned());
        let (exchange, key) = (text(&message.exchange), text(&message.routing_key));
        message.properties.set_header(RETRY_EXCHANGE, exchange);
        message.properties.set_header(RETRY_ROUTING_KEY, key);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_keeps_where_it_was_first_published() {
        let text = |text: &str| Some(HeaderValue::Text(text.to_owned()));
        let moved = with_origin(Outgoing::new("app.tx", "Cart", ""));
        let header = |name| moved.properties.header(name).cloned();
        assert_eq!(header(RETRY_EXCHANGE), text("app.tx"));
        assert_eq!(header(RETRY_ROUTING_KEY), text("Cart"));
        let mut retry = Outgoing::to_queue("q", "");
        retry
            .properties
            .set_header(RETRY_EXCHANGE, HeaderValue::Text("app.tx".to_owned()));
        let headers = retry.properties.headers.clone();
        assert_eq!(with_origin(retry).properties.headers, headers);
    }
}
