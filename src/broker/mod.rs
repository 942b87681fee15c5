//! Broker: messages are published to it and consumed from it; RabbitMQ, or the same semantics in memory.
//!
//! Both implementations promise the same. A message whose `publish` returned `Ok` is the broker's to keep until a
//! consumer acknowledges it. A delivery that nobody acknowledges comes again. A message that replaces a delivery (a
//! retry, a dead letter) is published with [`Outgoing::in_place_of`] before that delivery is acknowledged.

mod api;
mod kafka;
mod letter;
mod memory;
mod rabbitmq;
mod router;
#[cfg(test)]
pub(crate) mod testing;

pub use api::Broker;
pub use api::delivery::{Ack, Deliveries, Delivery, Pinned, Place, Range, Settled};
pub use api::error::{ConsumeError, PublishError};
pub use api::limits::{Limits, SHORT, header_len};
pub use api::lock::Lock;
pub use api::message::{HeaderValue, Outgoing, Properties};
pub use api::routing::Bound;
pub use api::status::{Link, Status, Troubles};
pub use api::topology::{QueueSpec, Topology, TopologyError};
#[cfg(any(test, fuzzing))]
pub use rabbitmq::fuzz;

pub use crate::kafka::TopicSettings;
pub use kafka::{
    Drain, DrainError, InspectError, InspectedTopic, Kafka, KafkaAccount, KafkaAddress,
    KafkaAddressError, KafkaClientError, KafkaDepthError, KafkaFiles, KafkaMechanism, KafkaOptions,
    inspect, unsettled,
};
pub use letter::Letter;
pub use memory::Embedded;
pub use rabbitmq::{
    Address, AddressError, Cutover, CutoverError, Deleted, Depth, DepthError, Depths, Found,
    Publish, Rabbit, RabbitOptions, Right, Sample, versions,
};
pub use router::{BackError, Router, connect, move_back};
