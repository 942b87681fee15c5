//! Puts a message into its queue anew that was returned to it again and again. A delivery limit, which anybody's policy
//! can set and AMQP doesn't show, would drop it, whether it is to blame or only came with one that is.

use std::time::Duration;

use super::duty::{Ending, Received};
use super::{Setup, now_ms, retry};
use crate::broker::{HeaderValue, Outgoing};
use crate::contract::Queue;
use crate::contract::headers::{DELIVERY_COUNT, RETURNED_OFTEN, UNREADABLE};
use crate::metrics::broker::RENEWED;

/// How long the broker may take for a copy. Without one the message is worked on as it is.
const PATIENCE: Duration = Duration::from_secs(10);

/// The message, unless it was returned so often that a copy, of which the broker counts nothing yet, takes its place.
/// This is before anything is made of it: a message that ends the process gets no further, and takes no others along.
pub(super) async fn renewed(
    setup: &Setup,
    queue: &'static Queue,
    received: Received,
) -> Option<Received> {
    let returns = returns(&received);
    // The mark of what can't be read is believed of the broker's delivery only, and would be lost.
    if returns < RETURNED_OFTEN || received.properties.header(UNREADABLE).is_some() {
        return Some(received);
    }
    setup.states.returned_often(queue.name, returns);
    let properties = retry::properties(&received, false, now_ms());
    let copy = Outgoing::to_queue(queue.name, received.body.clone()).with(properties);
    if setup.broker.limits().check(&copy).is_err() {
        return Some(received);
    }
    let copy = received.duty.replaced_by(copy);
    match tokio::time::timeout(PATIENCE, setup.broker.publish(copy)).await {
        Ok(Ok(())) => {
            RENEWED.with([queue.name]).increment(1);
            received.duty.acknowledge(Ending::Retried).await;
            None
        }
        // Published or not: what is stored twice has the same keys.
        Ok(Err(error)) => {
            tracing::debug!(queue = queue.name, %error, "A message could not be put into its queue anew.");
            Some(received)
        }
        Err(_) => Some(received),
    }
}

/// How often the broker has counted that a message came back.
fn returns(received: &Received) -> i64 {
    match received.properties.header(DELIVERY_COUNT) {
        Some(HeaderValue::Integer(count)) => *count,
        _ => 0,
    }
}
