//! A Kafka cluster: where it is, how it is spoken to, and what its topics are like.

mod address;
mod settings;

pub use address::{KafkaAccount, KafkaAddress, KafkaAddressError, KafkaFiles, KafkaMechanism};
pub use settings::{TopicSettings, settings};
