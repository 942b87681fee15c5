//! Rebalancing: partitions are assigned to this member of a consumer group, and given up in order when they are revoked.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::{ClientContext, TopicPartitionList};
use tokio_util::sync::CancellationToken;

use super::group::Group;
use super::guarded::guarded;
use super::monitor::{ASK, Told};
use super::pins::Pins;
use super::place::{Lane, Place};

/// How long messages of a revoked partition may take to be settled. Then it is somebody else's, and what is settled
/// later may be stored again, under the same key.
const FLUSH: Duration = Duration::from_secs(10);

/// The same once the broker is being closed: what could be settled is.
const CLOSING: Duration = Duration::from_millis(100);

/// Context of the client: it is told of assignments.
pub(super) struct Rebalancing {
    pub(super) group: Arc<Group>,
    pub(super) told: Told,
    pub(super) stop: CancellationToken,
}

impl Rebalancing {
    fn places(&self, list: &TopicPartitionList) -> Vec<Place> {
        let elements = list.elements();
        let place =
            |topic: &str, partition| Some((Lane::named(&self.group.queue, topic)?, partition));
        elements
            .iter()
            .filter_map(|element| place(element.topic(), element.partition()))
            .collect()
    }

    /// Ranges that were pinned in partitions before.
    fn pins(&self, client: &BaseConsumer<Self>, list: &TopicPartitionList) -> HashMap<Place, Pins> {
        let mut asked = TopicPartitionList::new();
        for element in list.elements() {
            asked.add_partition(element.topic(), element.partition());
        }
        let committed = match client.committed_offsets(asked, ASK) {
            Ok(committed) => committed,
            Err(error) => {
                tracing::warn!(queue = self.group.queue.name, %error, "Committed offsets can't be read: blocks that were stored before may be stored again, under the same keys.");
                return HashMap::new();
            }
        };
        let elements = committed.elements();
        let pins = elements.iter().filter_map(|element| {
            let place = (
                Lane::named(&self.group.queue, element.topic())?,
                element.partition(),
            );
            // The library panics at what is not UTF-8, which others may have written.
            let written = guarded(|| element.metadata().to_owned());
            Some((place, Pins::parse(&written.unwrap_or_default())))
        });
        pins.collect()
    }
}

impl ClientContext for Rebalancing {
    fn log(&self, level: rdkafka::config::RDKafkaLogLevel, facility: &str, text: &str) {
        self.told.log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.told.error(error, reason);
    }
}

impl ConsumerContext for Rebalancing {
    fn pre_rebalance(&self, client: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                let places = self.places(list);
                tracing::info!(queue = self.group.queue.name, partitions = ?numbers(&places), "Partitions are assigned.");
                let pins = self.pins(client, list);
                let pinned = |place| (place, pins.get(&place).cloned().unwrap_or_default());
                self.group.assigned(places.into_iter().map(pinned));
                self.told.0.consumed(self.group.queue.name);
            }
            Rebalance::Revoke(list) => {
                let places = self.places(list);
                // Whoever has them already would not see what is committed here.
                if !client.assignment_lost() {
                    let limit = if self.stop.is_cancelled() {
                        CLOSING
                    } else {
                        FLUSH
                    };
                    self.group.leave(&places, limit);
                    self.group.commit(Some(&places));
                }
                self.group.revoked(&places);
                // The library would remember that they are paused, and fetch nothing when they come back.
                client.resume(list).ok();
                tracing::info!(queue = self.group.queue.name, partitions = ?numbers(&places), "Partitions are revoked.");
            }
            Rebalance::Error(error) => {
                tracing::debug!(%error, "A rebalance failed.");
                self.group.revoked(&self.group.places());
            }
        }
    }
}

/// Partitions by topic, for the log.
fn numbers(places: &[Place]) -> HashMap<&'static str, Vec<i32>> {
    let mut numbers = HashMap::<_, Vec<i32>>::new();
    for (lane, partition) in places {
        let lane = match lane {
            Lane::Messages => "messages",
            Lane::Retries => "retries",
        };
        numbers.entry(lane).or_default().push(*partition);
    }
    numbers
}
