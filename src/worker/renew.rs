//! Renewal: republishes a message that was returned to its queue repeatedly. A delivery limit, which any policy can set
//! and AMQP doesn't show, would drop it, whether it is to blame or only came with one that is.

use std::time::Duration;

use super::ack_guard::Received;
use super::ending::Ending;
use super::{Setup, retry};
use crate::broker::{HeaderValue, Outgoing};
use crate::contract::Queue;
use crate::contract::headers::{DELIVERY_COUNT, RETURNED_OFTEN, UNREADABLE};
use crate::metrics::broker::RENEWED;
use crate::time::now_ms;

/// Timeout of publishing a copy. Without one the message is processed as it is.
const PATIENCE: Duration = Duration::from_secs(10);

/// Replaces a message that was returned too often by a copy, whose delivery count is zero. This happens before the
/// message is processed: one that crashes the process gets no further, and takes no others along.
pub(super) async fn renewed(
    setup: &Setup,
    queue: &'static Queue,
    received: Received,
) -> Option<Received> {
    let returns = returns(&received);
    // The mark of an unreadable message counts only in the broker's own delivery, and a copy would lose it.
    if returns < RETURNED_OFTEN || received.properties.header(UNREADABLE).is_some() {
        return Some(received);
    }
    setup.states.returned_often(queue.name, returns);
    let properties = retry::properties(&received, false, now_ms());
    let copy = Outgoing::to_queue(queue.name, received.body.clone()).with(properties);
    if setup.broker.limits().check(&copy).is_err() {
        return Some(received);
    }
    let copy = received.ack_guard.replaced_by(copy);
    match tokio::time::timeout(PATIENCE, setup.broker.publish(copy)).await {
        Ok(Ok(())) => {
            RENEWED.with([queue.name]).increment(1);
            received.ack_guard.acknowledge(Ending::Retried).await;
            None
        }
        // Published or not: a row that is stored twice has the same key.
        Ok(Err(error)) => {
            tracing::debug!(queue = queue.name, %error, "A message could not be republished to its queue.");
            Some(received)
        }
        Err(_) => Some(received),
    }
}

/// Delivery count of the broker.
fn returns(received: &Received) -> i64 {
    match received.properties.header(DELIVERY_COUNT) {
        Some(HeaderValue::Integer(count)) => *count,
        _ => 0,
    }
}
