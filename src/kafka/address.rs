//! Kafka address: brokers, TLS and account, validated, and shown without the password.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use rdkafka::ClientConfig;

/// Addresses of a Kafka cluster and how to speak to it. Printed, it shows the brokers only.
#[derive(Clone)]
pub struct KafkaAddress {
    brokers: Vec<String>,
    encrypted: bool,
    files: KafkaFiles,
    account: Option<KafkaAccount>,
    /// Name of this instance in its consumer groups, which it keeps over a restart.
    instance: Option<String>,
}

/// Files of TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KafkaFiles {
    /// Authorities of the brokers' certificates; without one those of this machine.
    pub ca: Option<PathBuf>,
    /// Certificate that is shown to the brokers.
    pub certificate: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
}

/// Account that the brokers know (SASL).
#[derive(Clone)]
pub struct KafkaAccount {
    /// Its name.
    pub user: String,
    /// Its password.
    pub password: String,
    /// How the password is proved.
    pub mechanism: KafkaMechanism,
}

/// SASL mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KafkaMechanism {
    /// The password is sent, which TLS has to protect.
    Plain,
    /// SCRAM with SHA-256.
    ScramSha256,
    /// SCRAM with SHA-512.
    ScramSha512,
}

/// Error in a Kafka address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the Kafka address is not usable: {0}; it should look like host:9092,host:9092, after kafkas:// for TLS and kafka:// \
     for none"
)]
pub struct KafkaAddressError(&'static str);

impl KafkaAddress {
    /// Reads a list of brokers. Without a scheme brokers on this machine are spoken to without TLS, and others with it.
    pub fn parse(text: &str) -> Result<Self, KafkaAddressError> {
        let (scheme, list) = match text.trim().split_once("://") {
            Some((scheme, list)) => (Some(scheme), list),
            None => (None, text.trim()),
        };
        if list.contains('@') {
            return Err(KafkaAddressError(
                "it holds an account, which belongs into --kafka-user and EVENT_GRPC_KAFKA_PASSWORD",
            ));
        }
        let brokers: Vec<String> = list.split(',').map(|b| b.trim().to_owned()).collect();
        for broker in &brokers {
            let Some((host, port)) = broker.rsplit_once(':') else {
                return Err(KafkaAddressError("a broker has no port"));
            };
            if host.is_empty() || port.parse::<u16>().is_err() {
                return Err(KafkaAddressError("a broker is no host and port"));
            }
        }
        let encrypted = match scheme {
            Some("kafka") => false,
            Some("kafkas") => true,
            Some(_) => return Err(KafkaAddressError("its scheme is neither kafka nor kafkas")),
            None => !brokers.iter().all(|broker| is_here(broker)),
        };
        Ok(KafkaAddress {
            brokers,
            encrypted,
            files: KafkaFiles::default(),
            account: None,
            instance: None,
        })
    }

    /// Sets the files of TLS; an error if there is no TLS.
    pub fn with_files(mut self, files: KafkaFiles) -> Result<Self, KafkaAddressError> {
        if !self.encrypted && files != KafkaFiles::default() {
            return Err(KafkaAddressError("files of TLS need kafkas://"));
        }
        if files.certificate.is_some() != files.key.is_some() {
            return Err(KafkaAddressError(
                "a certificate needs its key, and a key its certificate",
            ));
        }
        self.files = files;
        Ok(self)
    }

    /// Sets the account.
    pub fn with_account(
        mut self,
        account: Option<KafkaAccount>,
    ) -> Result<Self, KafkaAddressError> {
        let plain = |account: &KafkaAccount| account.mechanism == KafkaMechanism::Plain;
        let here = self.brokers.iter().all(|broker| is_here(broker));
        if account.as_ref().is_some_and(plain) && !self.encrypted && !here {
            return Err(KafkaAddressError(
                "a plain password would be sent to another machine without TLS",
            ));
        }
        self.account = account;
        Ok(self)
    }

    /// True if it needs OpenSSL, by which librdkafka has TLS and SCRAM.
    pub fn needs_openssl(&self) -> bool {
        let plain = |account: &KafkaAccount| account.mechanism == KafkaMechanism::Plain;
        self.encrypted || !self.account.as_ref().is_none_or(plain)
    }

    /// Sets the name of this instance, which no other one has.
    pub fn with_instance(mut self, instance: Option<String>) -> Self {
        self.instance = instance;
        self
    }

    /// Name of this instance in its consumer groups.
    pub(crate) fn instance(&self) -> Option<&str> {
        self.instance.as_deref()
    }

    /// Configuration of a client.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.brokers.join(","));
        config.set("client.id", "event-grpc");
        config.set("allow.auto.create.topics", "false");
        config.set("reconnect.backoff.ms", "100");
        config.set("reconnect.backoff.max.ms", "2000");
        config.set("socket.keepalive.enable", "true");
        let protocol = match (self.encrypted, self.account.is_some()) {
            (false, false) => "plaintext",
            (false, true) => "sasl_plaintext",
            (true, false) => "ssl",
            (true, true) => "sasl_ssl",
        };
        config.set("security.protocol", protocol);
        let files = [
            ("ssl.ca.location", &self.files.ca),
            ("ssl.certificate.location", &self.files.certificate),
            ("ssl.key.location", &self.files.key),
        ];
        for (name, file) in files {
            if let Some(file) = file {
                config.set(name, file.display().to_string());
            }
        }
        if let Some(account) = &self.account {
            config.set("sasl.mechanism", account.mechanism.name());
            config.set("sasl.username", &account.user);
            config.set("sasl.password", &account.password);
        }
        config
    }
}

impl FromStr for KafkaMechanism {
    type Err = KafkaAddressError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let all = [Self::Plain, Self::ScramSha256, Self::ScramSha512];
        let named = all
            .into_iter()
            .find(|mechanism| mechanism.name().eq_ignore_ascii_case(name));
        named.ok_or(KafkaAddressError(
            "the mechanism is none of plain, scram-sha-256 and scram-sha-512",
        ))
    }
}

impl KafkaMechanism {
    fn name(self) -> &'static str {
        match self {
            KafkaMechanism::Plain => "PLAIN",
            KafkaMechanism::ScramSha256 => "SCRAM-SHA-256",
            KafkaMechanism::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

impl fmt::Display for KafkaAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.encrypted { "kafkas" } else { "kafka" };
        write!(f, "{scheme}://{}", self.brokers.join(","))
    }
}

impl fmt::Debug for KafkaAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// True if a broker is on this machine.
fn is_here(broker: &str) -> bool {
    let host = broker.rsplit_once(':').map_or(broker, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

    use super::*;

    fn protocol(text: &str) -> String {
        let config = KafkaAddress::parse(text).unwrap().client();
        config.get("security.protocol").unwrap().to_owned()
    }

    #[test]
    fn brokers_elsewhere_are_verified_unless_the_address_says_otherwise() {
        assert_eq!(protocol("127.0.0.1:9092,localhost:9093"), "plaintext");
        assert_eq!(protocol("127.0.0.1:9092,kafka.internal:9092"), "ssl");
        assert_eq!(protocol("kafka://kafka.internal:9092"), "plaintext");
        assert_eq!(protocol("kafkas://localhost:9092"), "ssl");
        assert!(
            !KafkaAddress::parse("127.0.0.1:9092")
                .unwrap()
                .needs_openssl()
        );
        assert!(
            KafkaAddress::parse("kafka.internal:9092")
                .unwrap()
                .needs_openssl()
        );
        for bad in ["", "host", "host:port", ":9092", "amqp://h:1", "u:p@h:9092"] {
            assert!(KafkaAddress::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn never_shows_the_password_of_kafka() {
        let account = |mechanism| KafkaAccount {
            user: "me".to_owned(),
            password: "secret".to_owned(),
            mechanism,
        };
        let elsewhere = KafkaAddress::parse("kafka://h:9092").unwrap();
        let scram = elsewhere
            .clone()
            .with_account(Some(account(KafkaMechanism::ScramSha512)));
        let shown = format!("{:?} {}", scram.as_ref().unwrap(), scram.as_ref().unwrap());
        assert_eq!(shown, "kafka://h:9092 kafka://h:9092");
        assert!(scram.unwrap().needs_openssl());
        let plain = elsewhere.with_account(Some(account(KafkaMechanism::Plain)));
        assert!(plain.unwrap_err().to_string().contains("without TLS"));
    }
}
