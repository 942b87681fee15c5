//! Partition keys of topics: what has the same key is in the same partition, in its order.

use std::collections::BTreeMap;

use event_grpc::broker::Topology;
use event_grpc::contract::{Intake, PartitionBy, Pipeline, Queue, Source};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::{EventBatch, Events, Header};
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use prost::Message as _;

use super::support::{brokers, in_topics, on_kafka};
use super::topics::read;
use crate::app::cart;
use crate::app::support::{eventually, started_of};
use crate::clickhouse::support::in_database;
use crate::support::topology::Vhost;

const EVENTS: &str = "grpc_clickhouse_event_q";
const PARTITIONS: u16 = 5;

/// The number of `sessionId` in the header.
const SESSION: u32 = 5;

/// The pipeline whose events are in a topic by the id of their session.
fn keyed(id: &str) -> &'static Pipeline {
    let pipeline = in_topics(id, PARTITIONS, &[(EVENTS, false)]);
    let by = PartitionBy::Header(&[SESSION]);
    let queues = pipeline.queues.iter().map(|queue| Queue {
        partition_by: (queue.name == EVENTS).then_some(by),
        ..*queue
    });
    let queues: Vec<Queue> = queues.collect();
    let sources = PIPELINE
        .sources
        .iter()
        .filter_map(|source| match source.intake {
            Intake::Grpc {
                service,
                method,
                json_path,
                envelope,
            } => Some(Source {
                intake: Intake::Grpc {
                    service,
                    method,
                    json_path,
                    envelope,
                },
                partition_by: Some(by),
                ..*source
            }),
            Intake::Post { .. } => None,
        });
    let sources: Vec<Source> = sources.collect();
    Box::leak(Box::new(Pipeline {
        queues: queues.leak(),
        sources: sources.leak(),
        ..*pipeline
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_key_are_in_one_partition_of_the_topic_in_their_order() {
    let Some(brokers) = brokers() else { return };
    let id = uuid::Uuid::now_v7().simple().to_string();
    let (pipeline, vhost) = (keyed(&id), Vhost::create());
    assert_eq!(
        Topology::of(pipeline, |_| true).slots("grpc_event.tx"),
        u64::from(PARTITIONS)
    );
    in_database("kafka_keys", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let (app, seen) = started_of(on_kafka(&store, &vhost, &brokers), pipeline).await;
        for n in 0..20 {
            for session in 0..12 {
                let header = Header {
                    session_id: format!("s-{session}"),
                    ..Default::default()
                };
                let request = Events {
                    header: Some(header),
                    events: vec![cart(&format!("{session}-{n:02}"), "1760000000123")],
                };
                assert_eq!(seen.dispatch(request).await.unwrap().accepted, 1);
            }
        }
        eventually(&store, "SELECT count() FROM DB.event FINAL", 240).await;
        drop(seen);
        app.stop().await;
    })
    .await;
    // Each request was answered before the next, so that each is a message of its own.
    let topic = format!("test-{id}.{EVENTS}");
    let mut of_sessions: BTreeMap<String, Vec<(String, i32)>> = BTreeMap::new();
    for record in read(&brokers, &topic, 240).await {
        let batch = EventBatch::decode(&*record.value);
        let requests = match batch.as_ref().map(|batch| &batch.batches) {
            Ok(batches) if batches.iter().any(|one| !one.events.is_empty()) => batches.clone(),
            _ => vec![Events::decode(&*record.value).unwrap()],
        };
        for request in requests {
            let session = request.header.unwrap().session_id;
            let all = of_sessions.entry(session).or_default();
            all.extend(
                request
                    .events
                    .into_iter()
                    .map(|event| (event.id, record.partition)),
            );
        }
    }
    assert_eq!(of_sessions.len(), 12);
    let mut used: Vec<i32> = Vec::new();
    for (session, events) in of_sessions {
        let partition = events[0].1;
        used.push(partition);
        assert!(
            events.iter().all(|(_, other)| *other == partition),
            "{session}"
        );
        assert!(
            events.windows(2).all(|pair| pair[0].0 < pair[1].0),
            "{session}: {events:?}"
        );
        assert_eq!(events.len(), 20);
    }
    used.sort_unstable();
    used.dedup();
    assert!(used.len() > 1, "keys are spread");
    vhost.delete();
}
