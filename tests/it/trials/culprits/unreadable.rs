//! Messages that the AMQP client can't read: each costs itself alone, and nobody's connection.

use std::sync::Arc;

use event_grpc::broker::{Broker, HeaderValue, Link, Outgoing, Settled};
use event_grpc::contract::headers::UNREADABLE;

use super::raw::{
    APP_ID, CONTENT_TYPE, CORRELATION_ID, MESSAGE_ID, Property, Raw, TYPE, headers, nested, short,
};
use crate::broker::fixture::{Fixture, all_sent, nothing, receive, send, text};
use crate::broker::rabbit::{connected, remove, url};

const BAD: &[u8] = b"caf\xe9";

/// Properties that are not UTF-8, and how the reason shows them.
fn culprits() -> Vec<(&'static [u8], Vec<Property>, &'static str)> {
    vec![
        (b"one", vec![(MESSAGE_ID, short(BAD))], "message id"),
        (b"one", vec![(CONTENT_TYPE, short(BAD))], "content type"),
        (b"one", vec![(APP_ID, short(BAD))], "app id"),
        (b"one", vec![(TYPE, short(BAD))], "type"),
        (b"one", vec![(CORRELATION_ID, short(BAD))], "correlation id"),
        (b"one", vec![headers([(BAD, BAD)])], "header name"),
        (BAD, vec![], "routing key"),
        (&[0xff; 255], vec![], "routing key"),
    ]
}

async fn each_comes_with_its_reason(broker: &Arc<dyn Broker>, queue: &str) {
    let deliveries = broker.consume(queue).unwrap();
    for (key, _, what) in culprits() {
        let delivery = receive(&deliveries).await;
        assert_eq!(text(&delivery), "bad");
        let Some(HeaderValue::Text(reason)) = delivery.properties.header(UNREADABLE) else {
            panic!("{what}: {delivery:?}");
        };
        assert!(
            reason.starts_with(&format!("its {what} `")),
            "{what}: {reason}"
        );
        assert!(reason.contains("\\x"), "{reason}");
        if key == BAD {
            assert_eq!(delivery.routing_key, r"caf\xe9");
        }
        assert_eq!(delivery.ack.ack().await, Settled::Done);
    }
    let good = receive(&deliveries).await;
    assert_eq!((text(&good), good.redelivered), ("good", false));
    assert_eq!(good.properties.header(UNREADABLE), None);
    assert_eq!(good.ack.ack().await, Settled::Done);
    nothing(&deliveries).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_not_utf8_cost_nobody_a_connection() {
    let names = Fixture::new();
    let broker = connected(&names, &url()).await;
    let status = broker.status();
    let mut raw = Raw::connect(&url()).await;
    for (key, properties, _) in culprits() {
        raw.publish(names.fanout, key, &properties, b"bad").await;
    }
    all_sent(send(&broker, vec![Outgoing::new(names.fanout, "", "good")])).await;
    // Classic, and quorum.
    each_comes_with_its_reason(&broker, names.one).await;
    each_comes_with_its_reason(&broker, names.two).await;
    assert!(!status.has_changed().unwrap(), "{:?}", status.borrow());
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_are_too_deep_are_left_out() {
    let names = Fixture::new();
    let broker = connected(&names, &url()).await;
    let two = broker.consume(names.two).unwrap();
    Raw::connect(&url())
        .await
        .publish(names.fanout, b"", &[nested(20_000)], b"deep")
        .await;
    let delivery = receive(&two).await;
    assert_eq!(text(&delivery), "deep");
    // Lists are never taken over, so nothing is missing.
    assert_eq!(delivery.properties.headers, []);
    assert_eq!(delivery.ack.ack().await, Settled::Done);
    assert_eq!(broker.status().borrow().link, Link::Up);
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_outgrow_a_frame_come_without_what_the_broker_added() {
    let names = Fixture::new();
    drop(connected(&names, &url()).await);
    let big = vec![b'h'; 131_030];
    let mut raw = Raw::connect(&url()).await;
    raw.publish(
        names.fanout,
        b"",
        &[headers([(&b"x-big"[..], &big[..])])],
        b"big",
    )
    .await;
    // The quorum queue counts the delivery in a header, which makes it larger than a frame.
    for _ in 0..2 {
        Raw::connect(&url()).await.take_and_leave(names.two).await;
    }
    let broker = connected(&names, &url()).await;
    let two = broker.consume(names.two).unwrap();
    let delivery = receive(&two).await;
    assert_eq!((text(&delivery), delivery.redelivered), ("big", true));
    let names_of_headers: Vec<&str> = delivery
        .properties
        .headers
        .iter()
        .map(|(n, _)| &**n)
        .collect();
    // Nothing of the sender's is missing.
    assert_eq!(names_of_headers, ["x-big"]);
    assert_eq!(delivery.ack.ack().await, Settled::Done);
    assert_eq!(broker.status().borrow().link, Link::Up);
    remove(&names).await;
}
