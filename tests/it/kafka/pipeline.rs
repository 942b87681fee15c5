//! Events through a topic: stored, refused, gone back, and spread over instances.

use event_grpc::broker::{
    Address, Broker, Link, Outgoing, Properties, Rabbit, RabbitOptions, Topology,
};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Events;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};

use super::support::{brokers, in_kafka, on_kafka};
use crate::app::support::{eventually, started_of};
use crate::app::{cart, header};
use crate::clickhouse::support::in_database;
use crate::support::topology::Vhost;

const EVENTS: &str = "grpc_clickhouse_event_q";

#[tokio::test(flavor = "multi_thread")]
async fn events_go_by_a_topic_and_are_stored_or_kept_with_their_reason() {
    let Some(brokers) = brokers() else { return };
    let (pipeline, vhost) = (in_kafka(4, &[(EVENTS, false)]), Vhost::create());
    in_database("kafka_events", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let (app, seen) = started_of(on_kafka(&store, &vhost, &brokers), pipeline).await;
        for n in 0..50 {
            let events = (0..20).map(|k| cart(&format!("e-{n}-{k}"), "1760000000123"));
            let request = Events { header: header(), events: events.collect() };
            assert_eq!(seen.dispatch(request).await.unwrap().accepted, 20);
        }
        eventually(&store, "SELECT uniqExact(event_id) FROM DB.event", 1000).await;
        eventually(&store, "SELECT count() FROM DB.event FINAL", 1000).await;
        // What can't be read is a dead letter, which RabbitMQ carries.
        let properties = Properties { content_type: Some("application/x-protobuf".into()), ..Properties::default() };
        let bad = Outgoing::new("grpc_event.tx", "AddToCartEvent", vec![0x2a, 0xff]).with(properties);
        seen.broker().publish(bad).await.unwrap();
        let letters = "SELECT count() FROM DB.error_event WHERE queue = 'grpc_clickhouse_event_q' AND class = 'malformed'";
        eventually(&store, letters, 1).await;
        let (ready, report) = seen.readiness().await;
        assert!(ready, "{report}");
        drop(seen);
        app.stop().await;
    })
    .await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_share_the_partitions_and_one_takes_over_without_loss() {
    let Some(brokers) = brokers() else { return };
    let (pipeline, vhost) = (in_kafka(4, &[(EVENTS, false)]), Vhost::create());
    in_database("kafka_instances", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let (first, seen) = started_of(on_kafka(&store, &vhost, &brokers), pipeline).await;
        let send = async |from: usize, to: usize| {
            for n in from..to {
                let events = (0..20).map(|k| cart(&format!("e-{n}-{k}"), "1760000000123"));
                let request = Events {
                    header: header(),
                    events: events.collect(),
                };
                assert_eq!(seen.dispatch(request).await.unwrap().accepted, 20);
            }
        };
        send(0, 20).await;
        let (second, _also) = started_of(on_kafka(&store, &vhost, &brokers), pipeline).await;
        // While the group shares out its partitions anew, twice.
        send(20, 60).await;
        second.stop().await;
        send(60, 100).await;
        eventually(&store, "SELECT uniqExact(event_id) FROM DB.event", 2000).await;
        eventually(&store, "SELECT count() FROM DB.event FINAL", 2000).await;
        drop(seen);
        first.stop().await;
    })
    .await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_other_services_publish_crosses_the_bridge() {
    let Some(brokers) = brokers() else { return };
    let (pipeline, vhost) = (in_kafka(2, &[("post_log_events_q", true)]), Vhost::create());
    in_database("kafka_bridge", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let (app, seen) = started_of(on_kafka(&store, &vhost, &brokers), pipeline).await;
        let address = Address::parse(&vhost.url()).unwrap();
        let options = RabbitOptions { max_body: 64 << 20, ..RabbitOptions::default() };
        let producer = Rabbit::connect(address, Topology::of(&PIPELINE, |_| true), options);
        producer.status().wait_for(|s| s.link == Link::Up).await.unwrap();
        for n in 0..300 {
            // More than Kafka takes, in the middle of the others.
            let blanks = " ".repeat(if n == 150 { 17 << 20 } else { 0 });
            let body = format!(
                r#"{{"event_id":"p-{n}","source":"crawler","platform":"X","profile_id":17,"shortcode":"abc",
                    "publish_time":"2026-01-02 03:04:05","event_timestamp":"2026-01-02 03:04:06","metrics":{{}},"dimensions":{{}}{blanks}}}"#
            );
            let properties = Properties { content_type: Some("application/json".into()), ..Properties::default() };
            producer.publish(Outgoing::new("beat.dx", "post_log_events", body).with(properties)).await.unwrap();
        }
        eventually(&store, "SELECT count() FROM DB.post_log_event FINAL", 300).await;
        producer.close(std::time::Duration::from_secs(5)).await;
        drop(seen);
        app.stop().await;
    })
    .await;
    vhost.delete();
}
