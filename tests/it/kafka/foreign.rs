//! Topics of other services as a source: stored once, refused with a reason, told when they are missing.

use std::time::Duration;

use event_grpc::contract::{Foreign, Format, Pipeline, Queue, Topic};
use event_grpc::generated::PIPELINE;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use tokio::time::{Instant, sleep};

use super::support::{brokers, on_kafka};
use super::topics::{Written, make, name, write};
use crate::app::support::{eventually, started_of};
use crate::clickhouse::support::{in_database, number};
use crate::support::topology::Vhost;

const QUEUE: &str = "post_log_events_q";

/// The pipeline with a queue that reads a topic.
pub(super) fn reading(topic: &'static str, format: Format) -> &'static Pipeline {
    let group = Topic {
        name: format!("{topic}.group").leak(),
        partitions: 2,
        replicas: 1,
        retention_ms: 3_600_000,
        bridged: false,
    };
    let queues = PIPELINE.queues.iter().map(|queue| match queue.name {
        QUEUE => Queue {
            bindings: &[],
            topic: Some(group),
            foreign: Some(Foreign { topic, format }),
            ..*queue
        },
        _ => Queue { ..*queue },
    });
    let queues: Vec<Queue> = queues.collect();
    Box::leak(Box::new(Pipeline {
        queues: queues.leak(),
        ..PIPELINE
    }))
}

/// A record, by its number.
pub(super) fn post(n: usize) -> String {
    format!(
        r#"{{"event_id":"p-{n}","source":"crawler","platform":"X","profile_id":17,"shortcode":"abc",
            "publish_time":"2026-01-02 03:04:05","event_timestamp":"2026-01-02 03:04:06","metrics":{{"likes":3}},"dimensions":{{}}}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_others_are_stored_once_and_bad_ones_are_dead_letters() {
    let Some(brokers) = brokers() else { return };
    let topic = name("posts");
    make(&brokers, topic, 3, &[]).await;
    let (pipeline, vhost) = (reading(topic, Format::Json), Vhost::create());
    in_database("kafka_foreign", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let send = async |from: usize, to: usize| {
            let bodies: Vec<Vec<u8>> = (from..to)
                .map(|n| match n % 10 {
                    // As a registry's client frames it.
                    3 => [&b"\0\0\0\0\x07"[..], post(n).as_bytes()].concat(),
                    7 if n % 100 == 7 => b"{\"event_id\":".to_vec(),
                    _ => post(n).into_bytes(),
                })
                .collect();
            let keys: Vec<String> = (from..to).map(|n| format!("k-{}", n % 17)).collect();
            let records: Vec<Written<'_>> = bodies
                .iter()
                .zip(&keys)
                .enumerate()
                .map(|(at, (body, key))| Written {
                    key,
                    value: (at % 10 != 5).then_some(body.as_slice()),
                    headers: &[("trace", "t-1")],
                })
                .collect();
            write(&brokers, topic, &records).await;
        };
        // Some are there before anybody reads.
        send(0, 500).await;
        let (app, seen) = started_of(on_kafka(&store, &vhost, &brokers), pipeline).await;
        send(500, 1000).await;
        // Of 1000, 100 are tombstones and 10 are broken.
        let rows = "SELECT count() FROM DB.post_log_event";
        eventually(&store, "SELECT uniqExact(event_id) FROM DB.post_log_event", 890).await;
        let letters = "SELECT count() FROM DB.error_event WHERE queue = 'post_log_events_q' AND class = 'bad_field'";
        eventually(&store, letters, 10).await;
        app.stop().await;
        drop(seen);
        // Whoever reads next begins where the one before ended.
        let (app, seen) = started_of(on_kafka(&store, &vhost, &brokers), pipeline).await;
        send(1000, 1100).await;
        eventually(&store, "SELECT uniqExact(event_id) FROM DB.post_log_event", 979).await;
        eventually(&store, "SELECT count() FROM DB.post_log_event FINAL", 979).await;
        assert!(number(&store, rows).await >= 979);
        let (ready, report) = seen.readiness().await;
        assert!(ready, "{report}");
        app.stop().await;
    })
    .await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn protobuf_of_others_is_stored_with_what_this_build_does_not_know() {
    let Some(brokers) = brokers() else { return };
    let topic = name("protobuf");
    make(&brokers, topic, 1, &[]).await;
    let (pipeline, vhost) = (reading(topic, Format::Protobuf), Vhost::create());
    let pool = DescriptorPool::decode(PIPELINE.descriptors).unwrap();
    let message = pool.get_message_by_name("log.PostLog").unwrap();
    in_database("kafka_protobuf", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let encode = |n: usize| {
            let text = post(n).replace(":17,", ":\"17\",");
            let mut json = serde_json::Deserializer::from_str(&text);
            let bytes = DynamicMessage::deserialize(message.clone(), &mut json).unwrap().encode_to_vec();
            match n % 3 {
                // The frame of a registry, with the first message of its schema.
                1 => [&b"\0\0\0\0\x07\0"[..], &bytes].concat(),
                // A field of a later version: number 1000, a varint.
                2 => [&bytes[..], b"\xc0\x3e\x05"].concat(),
                _ => bytes,
            }
        };
        let mut bodies: Vec<Vec<u8>> = (0..30).map(encode).collect();
        bodies.push(b"\x0a\xff".to_vec());
        let records: Vec<Written<'_>> = bodies
            .iter()
            .map(|body| Written { key: "k", value: Some(body), headers: &[] })
            .collect();
        write(&brokers, topic, &records).await;
        let (app, seen) = started_of(on_kafka(&store, &vhost, &brokers), pipeline).await;
        eventually(&store, "SELECT count() FROM DB.post_log_event FINAL", 30).await;
        let same = "SELECT count() FROM DB.post_log_event FINAL WHERE platform = 'X' AND toString(profile_id) = '17' AND source = 'crawler'";
        assert_eq!(number(&store, same).await, 30);
        let unknown = "SELECT count() FROM DB.post_log_event FINAL WHERE unknown_fields LIKE '%#1000%'";
        assert_eq!(number(&store, unknown).await, 10);
        let letters = "SELECT count() FROM DB.error_event WHERE queue = 'post_log_events_q' AND class = 'malformed'";
        eventually(&store, letters, 1).await;
        drop(seen);
        app.stop().await;
    })
    .await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_others_have_not_made_is_told_and_read_once_it_is_there() {
    let Some(brokers) = brokers() else { return };
    let topic = name("missing");
    let (pipeline, vhost) = (reading(topic, Format::Json), Vhost::create());
    in_database("kafka_missing", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let config = on_kafka(&store, &vhost, &brokers);
        let config = event_grpc::app::Config {
            strict: false,
            ..config
        };
        let (app, seen) = started_of(config, pipeline).await;
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let (ready, report) = seen.readiness().await;
            let told = report["topology"].to_string().contains(topic);
            // Those who send don't depend on it.
            if ready && told {
                break;
            }
            assert!(Instant::now() < end, "{report}");
            sleep(Duration::from_millis(100)).await;
        }
        make(&brokers, topic, 1, &[("cleanup.policy", "compact")]).await;
        let (one, two) = (post(1), post(2));
        let record = |body| Written {
            key: "k",
            value: Some(body),
            headers: &[],
        };
        write(
            &brokers,
            topic,
            &[record(one.as_bytes()), record(two.as_bytes())],
        )
        .await;
        // The library looks for new topics every half minute.
        let rows = "SELECT count() FROM DB.post_log_event FINAL";
        let end = Instant::now() + Duration::from_secs(75);
        while number(&store, rows).await < 2 && Instant::now() < end {
            sleep(Duration::from_millis(200)).await;
        }
        assert_eq!(number(&store, rows).await, 2);
        drop(seen);
        app.stop().await;
    })
    .await;
    vhost.delete();
}
