//! A whole instance on RabbitMQ, and what other services publish there.

use event_grpc::broker::{
    Address, Broker, Link, Outgoing, Properties, Rabbit, RabbitOptions, Topology,
};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Events;
use prost::Message as _;

use super::support::{eventually, instance_on};
use super::{cart, header};
use crate::support::topology::Vhost;

fn json(body: &str) -> (Vec<u8>, Properties) {
    let properties = Properties {
        content_type: Some("application/json".into()),
        ..Properties::default()
    };
    (body.as_bytes().to_vec(), properties)
}

/// An exchange, a routing key, and a body with its properties.
type Sent = (&'static str, &'static str, (Vec<u8>, Properties));

/// Messages of the existing producers.
fn messages() -> Vec<Sent> {
    let events = Events {
        header: header(),
        events: vec![cart("as-protobuf", "1760000000000")],
    };
    let protobuf = Properties {
        content_type: Some("application/x-protobuf".into()),
        ..Properties::default()
    };
    let old = r#"{"header":{"userId":"7","os":"ios","newField":1},
                  "events":[{"id":"as-json","timestamp":"1760000000000","addToCartEvent":{"productId":"42"}}]}"#;
    let log = r#"{"event_id":"p-1","source":"crawler","platform":"INSTAGRAM","profile_id":17,"handle":null,
                  "shortcode":"abc","publish_time":"2026-01-02 03:04:05","event_timestamp":"2026-01-02 03:04:06",
                  "metrics":{"likes":3,"tags":["a","b"]},"dimensions":{},"extra":true}"#;
    let wrong = r#"{"event_id":"p-2","source":"crawler","platform":"X","profile_id":"1","shortcode":"s",
                    "event_timestamp":"noon","metrics":{},"dimensions":{}}"#;
    vec![
        (
            "grpc_event.tx",
            "AddToCartEvent",
            (events.encode_to_vec(), protobuf.clone()),
        ),
        ("grpc_event.tx", "AddToCartEvent", json(old)),
        (
            "grpc_event.tx",
            "AddToCartEvent",
            (vec![0x2a, 0xff], protobuf),
        ),
        ("beat.dx", "post_log_events", json(log)),
        ("beat.dx", "post_log_events", json(wrong)),
        ("beat.dx", "post_log_events", json("not json")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_other_services_publish_is_stored_or_kept_with_its_reason() {
    let vhost = Vhost::create();
    let url = vhost.url();
    instance_on("producers", Some(url.clone()), async |_, store| {
        let address = Address::parse(&url).unwrap();
        let topology = Topology::of(&PIPELINE, |_| true);
        let producer = Rabbit::connect(address, topology, RabbitOptions::default());
        producer.status().wait_for(|s| s.link == Link::Up).await.unwrap();
        // Twice: what comes again has the same ids and keys.
        for _ in 0..2 {
            for (exchange, key, (body, properties)) in messages() {
                producer.publish(Outgoing::new(exchange, key, body).with(properties)).await.unwrap();
            }
        }
        let ids = "SELECT uniqExact(event_id) FROM DB.event FINAL WHERE event_id IN ('as-protobuf', 'as-json') AND event_params.productId = 42";
        eventually(store, ids, 2).await;
        let row = "SELECT count() FROM DB.post_log_event FINAL WHERE event_id = 'p-1' AND profile_id = '17' \
                   AND isNull(handle) AND toString(publish_time) = '2026-01-02 03:04:05' AND metrics.likes = 3";
        eventually(store, row, 1).await;
        let reasons = [
            ("class = 'malformed' AND queue = 'grpc_clickhouse_event_q' AND body = unhex('2aff')", 1),
            ("queue = 'post_log_events_q' AND reason LIKE '%event_timestamp%noon%' AND exchange = 'beat.dx'", 1),
            ("queue = 'post_log_events_q' AND reason LIKE '%not JSON%' AND body = 'not json'", 1),
        ];
        for (reason, count) in reasons {
            eventually(store, &format!("SELECT count() FROM DB.error_event FINAL WHERE {reason}"), count).await;
        }
        producer.close(std::time::Duration::from_secs(5)).await;
    })
    .await;
    vhost.delete();
}
