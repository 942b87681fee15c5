//! Topics of other services: made, written and read as they would.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::message::{Header, Headers as _, Message as _, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};

/// A record that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) key: Option<String>,
    pub(crate) value: Vec<u8>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) partition: i32,
}

/// A record to write; without a value it is a tombstone.
pub(crate) struct Written<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) headers: &'a [(&'a str, &'a str)],
}

/// Settings of a client of others.
pub(super) fn client(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    config
}

/// A name that no other test has.
pub(crate) fn name(of: &str) -> &'static str {
    format!("others-{}.{of}", uuid::Uuid::now_v7().simple()).leak()
}

/// Makes a topic with these settings.
pub(crate) async fn make(brokers: &str, topic: &str, partitions: i32, settings: &[(&str, &str)]) {
    let admin: AdminClient<DefaultClientContext> = client(brokers).create().unwrap();
    let mut new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
    for (name, value) in settings {
        new = new.set(name, value);
    }
    let made = admin.create_topics(&[new], &AdminOptions::new()).await;
    made.unwrap()
        .into_iter()
        .for_each(|topic| drop(topic.unwrap()));
}

/// Deletes a topic.
pub(crate) async fn delete(brokers: &str, topic: &str) {
    let admin: AdminClient<DefaultClientContext> = client(brokers).create().unwrap();
    let gone = admin.delete_topics(&[topic], &AdminOptions::new()).await;
    gone.unwrap()
        .into_iter()
        .for_each(|topic| drop(topic.unwrap()));
}

/// Writes records, in their order.
pub(crate) async fn write(brokers: &str, topic: &str, records: &[Written<'_>]) {
    let producer: FutureProducer = client(brokers).create().unwrap();
    let mut answers = Vec::new();
    for record in records {
        let headers = record
            .headers
            .iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| {
                let value = Some(*value);
                headers.insert(Header { key, value })
            });
        let mut new: FutureRecord<'_, str, [u8]> =
            FutureRecord::to(topic).key(record.key).headers(headers);
        if let Some(value) = record.value {
            new = new.payload(value);
        }
        answers.push(producer.send_result(new).unwrap());
    }
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
}

/// Reads so many records from the beginning; those of a partition are in its order.
pub(crate) async fn read(brokers: &str, topic: &str, count: usize) -> Vec<Read> {
    let mut config = client(brokers);
    config.set("group.id", uuid::Uuid::now_v7().to_string());
    config.set("auto.offset.reset", "earliest");
    config.set("enable.auto.commit", "false");
    let consumer: StreamConsumer = config.create().unwrap();
    consumer.subscribe(&[topic]).unwrap();
    let mut read = Vec::new();
    while read.len() < count {
        let next = tokio::time::timeout(Duration::from_secs(60), consumer.recv());
        let record = next.await.expect("a record in time").unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let headers = record.headers().map(|headers| {
            let each = headers.iter();
            let each = each.map(|h| (h.key.to_owned(), text(h.value.unwrap_or_default())));
            each.collect()
        });
        read.push(Read {
            key: record.key().map(text),
            value: record.payload().unwrap_or_default().to_vec(),
            headers: headers.unwrap_or_default(),
            partition: record.partition(),
        });
    }
    read
}
