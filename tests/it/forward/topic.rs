//! Forwarding to a topic of other services: records with their keys, in their order, and what becomes of those that can't be
//! written.

use std::collections::BTreeMap;
use std::time::Duration;

use event_grpc::broker::KafkaAddress;
use event_grpc::contract::{Format, Message, RecordKey, RowError, To};
use serde_json::{Value, json};

use super::support::{Options, message, run_to, with_body};
use crate::kafka::support::brokers;
use crate::kafka::topics::{make, name, read};

fn key(message: &Message<'_>) -> Result<String, RowError> {
    let key = event_grpc::contract::json::optional_text(message.body, &["key"])?;
    Ok(key.unwrap_or_default().into_owned())
}

fn to(topic: &'static str) -> To {
    To::Topic {
        name: topic,
        format: Format::Json,
        key: Some(RecordKey::Message(key)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_become_records_with_their_ids_and_those_of_a_key_keep_their_order() {
    let Some(brokers) = brokers() else { return };
    let (topic, address) = (name("orders"), KafkaAddress::parse(&brokers).unwrap());
    make(&brokers, topic, 4, &[]).await;
    // One worker takes messages in their order, as one of a partition does.
    let options = Options {
        workers: 1,
        ..Options::default()
    };
    let mut running = run_to(to(topic), "", Some(&address), options);
    for n in 0..60 {
        let body = json!({ "n": n, "key": format!("k{}", n % 5) });
        running.settled(with_body(n, body)).await;
    }
    running.settled(message(60)).await;
    let records = read(&brokers, topic, 61).await;
    let mut of_keys: BTreeMap<&str, Vec<(i64, i32)>> = BTreeMap::new();
    for record in &records {
        let body: Value = serde_json::from_slice(&record.value).unwrap();
        let n = body["n"].as_i64().unwrap();
        let header = |name: &str| {
            let mut headers = record.headers.iter();
            headers
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        };
        assert_eq!(header("Idempotency-Key"), Some(format!("id-{n}")));
        assert_eq!(header("content-type"), Some("application/json".to_owned()));
        assert_eq!(
            header("Authorization"),
            Some("Bearer s3cret-Key".to_owned())
        );
        match &record.key {
            Some(key) => of_keys.entry(key).or_default().push((n, record.partition)),
            None => assert_eq!(n, 60, "an empty key is none"),
        }
    }
    assert_eq!(of_keys.len(), 5);
    for (key, records) in of_keys {
        let first = records[0].1;
        assert!(
            records.iter().all(|(_, partition)| *partition == first),
            "{key}"
        );
        assert!(
            records.windows(2).all(|pair| pair[0].0 < pair[1].0),
            "{key}: {records:?}"
        );
        assert_eq!(records.len(), 12);
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_the_topic_refuses_is_a_dead_letter_and_those_beside_it_are_written() {
    let Some(brokers) = brokers() else { return };
    let (topic, address) = (name("small"), KafkaAddress::parse(&brokers).unwrap());
    make(&brokers, topic, 1, &[("max.message.bytes", "20000")]).await;
    let mut running = run_to(to(topic), "", Some(&address), Options::default());
    let noise = |n: i64| -> String {
        // It can't be compressed below what the topic takes.
        let mut state = n as u64 + 1;
        let next = |_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            char::from(b'!' + (state >> 33) as u8 % 90)
        };
        (0..60_000)
            .map(next)
            .filter(|c| !"\"\\".contains(*c))
            .collect()
    };
    let mut dead = None;
    for n in 0..10 {
        let text = if n == 4 { noise(n) } else { String::new() };
        let waiting = running.publish(with_body(n, json!({ "n": n, "text": text })));
        if n == 4 {
            // In memory a message is settled when its dead letter is.
            dead = Some(running.dead_letter().await);
        }
        let settled = tokio::time::timeout(Duration::from_secs(60), waiting).await;
        settled
            .unwrap_or_else(|_| panic!("record {n} is not settled: {:?}", running.paused()))
            .unwrap();
    }
    let dead = dead.unwrap();
    assert_eq!(
        (dead.class.as_str(), dead.body["n"].as_i64()),
        ("refused", Some(4))
    );
    assert!(dead.reason.contains(topic), "{}", dead.reason);
    assert_eq!(read(&brokers, topic, 9).await.len(), 9);
    assert_eq!(running.paused(), None);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_missing_pauses_its_target_until_it_is_there() {
    let Some(brokers) = brokers() else { return };
    let (topic, address) = (name("late"), KafkaAddress::parse(&brokers).unwrap());
    let options = Options {
        timeout_ms: 1_000,
        ..Options::default()
    };
    let mut running = run_to(to(topic), "", Some(&address), options);
    let waiting: Vec<_> = (0..5).map(|n| running.publish(message(n))).collect();
    assert!(running.is_paused().await.contains(topic));
    make(&brokers, topic, 1, &[]).await;
    for waiting in waiting {
        let settled = tokio::time::timeout(Duration::from_secs(60), waiting);
        settled.await.expect("settled in time").unwrap();
    }
    let mut found: Vec<i64> = read(&brokers, topic, 5)
        .await
        .iter()
        .map(|record| {
            let body: Value = serde_json::from_slice(&record.value).unwrap();
            body["n"].as_i64().unwrap()
        })
        .collect();
    found.sort_unstable();
    assert_eq!(found, [0, 1, 2, 3, 4]);
    assert_eq!(running.paused(), None);
    running.stop().await;
}
