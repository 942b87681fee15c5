//! Options of Kafka.

use std::path::PathBuf;

use anyhow::Context as _;

use super::settings;
use crate::app::environment;
use crate::app::variables::KAFKA_PASSWORD;
use crate::broker::{KafkaAccount, KafkaAddress, KafkaFiles, KafkaMechanism};

/// Kafka, for the queues of pipeline.yaml that it carries, and for topics of other services.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct KafkaArgs {
    /// Kafka brokers, as in host:9092,host:9092. Brokers on other machines are spoken to over TLS unless kafka:// stands
    /// before them. Needed if a queue of pipeline.yaml says `kafka`; a request with a `topic` is off without.
    #[arg(long, env = "EVENT_GRPC_KAFKA_BROKERS", value_name = "LIST")]
    kafka_brokers: Option<String>,
    /// Kafka user (SASL). The password is in EVENT_GRPC_KAFKA_PASSWORD, or in the file that EVENT_GRPC_KAFKA_PASSWORD_FILE
    /// names.
    #[arg(long, env = "EVENT_GRPC_KAFKA_USER", value_name = "NAME")]
    kafka_user: Option<String>,
    /// How the password is proved to Kafka: plain, scram-sha-256 or scram-sha-512.
    #[arg(
        long,
        env = "EVENT_GRPC_KAFKA_SASL",
        default_value = "scram-sha-512",
        value_name = "MECHANISM"
    )]
    kafka_sasl: KafkaMechanism,
    /// PEM file of the authorities that verify Kafka's brokers, in place of this machine's.
    #[arg(long, env = "EVENT_GRPC_KAFKA_CA", value_name = "FILE")]
    kafka_ca: Option<PathBuf>,
    /// PEM file of a client certificate for Kafka, and those between it and its authority.
    #[arg(long, env = "EVENT_GRPC_KAFKA_CERT", value_name = "FILE")]
    kafka_cert: Option<PathBuf>,
    /// PEM file of its private key.
    #[arg(long, env = "EVENT_GRPC_KAFKA_KEY", value_name = "FILE")]
    kafka_key: Option<PathBuf>,
    /// Name of this instance in its consumer groups, which no other instance has and which it keeps over a restart: then
    /// a restart moves no partitions.
    #[arg(long, env = "EVENT_GRPC_KAFKA_INSTANCE", value_name = "NAME")]
    kafka_instance: Option<String>,
}

impl KafkaArgs {
    /// Address of the cluster, if one is given.
    pub(super) fn address(&self) -> anyhow::Result<Option<KafkaAddress>> {
        let brokers = self.kafka_brokers.as_deref().map(str::trim);
        let Some(brokers) = brokers.filter(|brokers| !brokers.is_empty()) else {
            return Ok(None);
        };
        let account = match &self.kafka_user {
            Some(user) => Some(KafkaAccount {
                user: user.clone(),
                password: environment::option(KAFKA_PASSWORD, None)?
                    .context("--kafka-user needs EVENT_GRPC_KAFKA_PASSWORD")?,
                mechanism: self.kafka_sasl,
            }),
            None => None,
        };
        let files = KafkaFiles {
            ca: self.kafka_ca.clone(),
            certificate: self.kafka_cert.clone(),
            key: self.kafka_key.clone(),
        };
        let address = KafkaAddress::parse(brokers)
            .and_then(|address| address.with_files(files))
            .and_then(|address| address.with_account(account))
            .with_context(|| settings::named("kafka-brokers"))?;
        anyhow::ensure!(
            cfg!(feature = "kafka-tls") || !address.needs_openssl(),
            "this event-grpc was built without TLS and SCRAM for Kafka: build it with `cargo build --release --package event-grpc --features kafka-tls` \
             (with libssl-dev and pkg-config), or write kafka:// before the brokers to speak to them without TLS"
        );
        Ok(Some(address.with_instance(self.kafka_instance.clone())))
    }
}
