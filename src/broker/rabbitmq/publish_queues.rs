//! The publish queues of messages of one kind: one for each exchange. The broker closes a channel, with everything that is on it,
//! at the first message to an exchange that isn't there or that we may not write to; so each has a channel of its own.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::RabbitOptions;
use super::link::{Phase, Shared};
use super::publish_queue::PublishQueue;
use super::publisher::Publisher;
use crate::broker::api::error::PublishError;
use crate::broker::api::message::Outgoing;

/// The publish queues of one kind of messages, by exchange. What may be unanswered is bounded for all of them together.
pub(super) struct PublishQueues {
    first: PublishQueue,
    others: HashMap<&'static str, PublishQueue>,
}

impl PublishQueues {
    /// Lanes to all exchanges of the topology and to the default one, and the tasks that publish what comes by them.
    pub(super) fn new(
        shared: &Arc<Shared>,
        options: &RabbitOptions,
        phases: &watch::Receiver<Phase>,
        tasks: &TaskTracker,
    ) -> Self {
        let publisher = |exchange, jobs| Publisher {
            shared: Arc::clone(shared),
            exchange,
            jobs,
            first: None,
            phases: phases.clone(),
            unanswered: options.unanswered.max(1),
            time_limit: options.confirm_timeout,
            slots: shared.topology.slots(exchange),
            troubled: false,
        };
        let (first, jobs) = PublishQueue::new(
            options.unanswered,
            options.unanswered_bytes,
            options.grace,
            phases.clone(),
        );
        tasks.spawn(publisher("", jobs).run());
        let exchanges = shared.topology.exchanges.iter();
        let others = exchanges.map(|exchange| {
            let (publish_queue, jobs) = first.sibling(options.unanswered);
            tasks.spawn(publisher(exchange.name, jobs).run());
            (exchange.name, publish_queue)
        });
        let others = others.collect();
        PublishQueues { first, others }
    }

    /// Publishes, and waits for the answer.
    pub(super) async fn publish(&self, message: Outgoing) -> Result<(), PublishError> {
        let publish_queue = self.others.get(&*message.exchange).unwrap_or(&self.first);
        publish_queue.publish(message).await
    }

    /// Waits until all messages under way are answered.
    pub(super) async fn empty(&self) {
        self.first.empty().await;
    }
}
