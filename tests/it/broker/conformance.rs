//! Contract of every broker. Each function is run against both implementations.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use event_grpc::broker::{
    Broker, ConsumeError, HeaderValue, Outgoing, Properties, PublishError, Settled,
};
use event_grpc::contract::Schema;
use event_grpc::trace::TraceContext;
use tokio::time::timeout;

use super::fixture::{Fixture, TIME_LIMIT, all_sent, nothing, receive, send, text};

pub(super) async fn topic_patterns_route(broker: Arc<dyn Broker>, names: &Fixture) {
    let one = broker.consume(names.one).unwrap();
    let two = broker.consume(names.two).unwrap();
    for (key, in_one, in_two) in [
        ("b", true, false),
        ("a", true, true),
        ("a.b.c", false, true),
        ("z", true, true),
        // Both bindings of the queue match, and it gets one copy.
        ("a.b.z", false, true),
        ("b.c.z", false, true),
        ("a.", false, true),
    ] {
        let sent = send(&broker, vec![Outgoing::new(names.topic, key, key)]);
        for (deliveries, wanted) in [(&one, in_one), (&two, in_two)] {
            if wanted {
                let delivery = receive(deliveries).await;
                assert_eq!(text(&delivery), key);
                assert_eq!(delivery.exchange, names.topic);
                assert_eq!(delivery.routing_key, key);
                assert!(!delivery.redelivered);
                assert_eq!(delivery.ack.ack().await, Settled::Done);
            }
        }
        all_sent(sent).await;
    }
    nothing(&one).await;
    nothing(&two).await;
}

pub(super) async fn direct_and_fanout_route(broker: Arc<dyn Broker>, names: &Fixture) {
    let one = broker.consume(names.one).unwrap();
    let two = broker.consume(names.two).unwrap();
    let narrow = broker.consume(names.narrow).unwrap();
    let sent = send(
        &broker,
        vec![
            Outgoing::new(names.direct, "one", "direct"),
            Outgoing::new(names.direct, "narrow", "narrow"),
            Outgoing::new(names.fanout, "whatever", "fanout"),
            Outgoing::to_queue(names.two, "default"),
        ],
    );
    for (deliveries, bodies) in [
        (&one, &["direct", "fanout"][..]),
        (&two, &["default", "fanout"]),
        (&narrow, &["narrow"]),
    ] {
        let mut received = BTreeSet::new();
        for _ in bodies {
            let delivery = receive(deliveries).await;
            received.insert(text(&delivery).to_owned());
            assert_eq!(delivery.ack.ack().await, Settled::Done);
        }
        assert_eq!(received, bodies.iter().map(|&body| body.into()).collect());
        nothing(deliveries).await;
    }
    all_sent(sent).await;
}

/// On RabbitMQ this needs the policy that names the alternate exchange.
pub(super) async fn what_no_binding_matches_is_kept(broker: Arc<dyn Broker>, names: &Fixture) {
    let lost = broker.consume(names.lost).unwrap();
    for (exchange, key) in [
        (names.topic, "b.c"),
        (names.direct, "One"),
        (names.topic, ""),
    ] {
        let sent = send(&broker, vec![Outgoing::new(exchange, key, "stray")]);
        let delivery = receive(&lost).await;
        assert_eq!(
            (&*delivery.exchange, &*delivery.routing_key),
            (exchange, key)
        );
        assert_eq!(delivery.ack.ack().await, Settled::Done);
        all_sent(sent).await;
    }
}

pub(super) async fn order_is_kept(broker: Arc<dyn Broker>, names: &Fixture) {
    let one = broker.consume(names.one).unwrap();
    let bodies: Vec<String> = (0..500).map(|n| n.to_string()).collect();
    let messages = bodies
        .iter()
        .map(|body| Outgoing::new(names.direct, "one", body.clone()));
    let sent = send(&broker, messages.collect());
    for body in &bodies {
        let delivery = receive(&one).await;
        assert_eq!(text(&delivery), body);
        assert_eq!(delivery.ack.ack().await, Settled::Done);
    }
    all_sent(sent).await;
}

pub(super) async fn prefetch_is_a_limit(broker: Arc<dyn Broker>, names: &Fixture) {
    let narrow = broker.consume(names.narrow).unwrap();
    let message = |body| Outgoing::new(names.direct, "narrow", body);
    let sent = send(&broker, vec![message("1"), message("2"), message("3")]);
    for body in ["1", "2", "3"] {
        let delivery = receive(&narrow).await;
        assert_eq!(text(&delivery), body);
        nothing(&narrow).await;
        assert_eq!(delivery.ack.ack().await, Settled::Done);
    }
    all_sent(sent).await;
}

pub(super) async fn unsettled_messages_come_again(broker: Arc<dyn Broker>, names: &Fixture) {
    let narrow = broker.consume(names.narrow).unwrap();
    let message = |body| Outgoing::new(names.direct, "narrow", body);
    let sent = send(&broker, vec![message("1"), message("2")]);
    let first = receive(&narrow).await;
    assert_eq!((text(&first), first.redelivered), ("1", false));
    assert_eq!(first.ack.requeue().await, Settled::Done);
    let again = receive(&narrow).await;
    assert_eq!((text(&again), again.redelivered), ("1", true));
    drop(again);
    let again = receive(&narrow).await;
    assert_eq!((text(&again), again.redelivered), ("1", true));
    assert_eq!(again.ack.ack().await, Settled::Done);
    let second = receive(&narrow).await;
    assert_eq!((text(&second), second.redelivered), ("2", false));
    assert_eq!(second.ack.ack().await, Settled::Done);
    nothing(&narrow).await;
    all_sent(sent).await;
}

pub(super) async fn a_stopped_consumer_keeps_what_it_holds(
    broker: Arc<dyn Broker>,
    names: &Fixture,
) {
    let one = broker.consume(names.one).unwrap();
    let message = |body| Outgoing::new(names.direct, "one", body);
    let sent = send(&broker, vec![message("1"), message("2"), message("3")]);
    let first = receive(&one).await;
    let second = receive(&one).await;
    drop(one);
    let one = broker.consume(names.one).unwrap();
    // The one that nobody had taken comes; the two in our hands are still ours.
    let third = receive(&one).await;
    assert_eq!(text(&third), "3");
    nothing(&one).await;
    assert_eq!(first.ack.ack().await, Settled::Done);
    drop(second);
    let again = receive(&one).await;
    assert_eq!((text(&again), again.redelivered), ("2", true));
    assert_eq!(again.ack.ack().await, Settled::Done);
    assert_eq!(third.ack.ack().await, Settled::Done);
    nothing(&one).await;
    all_sent(sent).await;
}

pub(super) async fn properties_and_large_bodies_arrive(broker: Arc<dyn Broker>, names: &Fixture) {
    let one = broker.consume(names.one).unwrap();
    let properties = Properties {
        content_type: Some("application/x-protobuf".into()),
        message_id: Some("id-1".into()),
        kind: Some("event.EventBatch".into()),
        timestamp: Some(1_700_000_000),
        schema: Schema::parse("00c0ffee00c0ffee"),
        trace: TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        headers: vec![
            ("x-count".into(), HeaderValue::Integer(-3)),
            ("x-flag".into(), HeaderValue::Boolean(true)),
            ("x-reason".into(), HeaderValue::Text("naïve".into())),
        ],
    };
    let body: Vec<u8> = (0..1_048_576_u32).map(|n| (n * 7 % 251) as u8).collect();
    let sent = send(
        &broker,
        vec![
            Outgoing::new(names.direct, "one", body.clone()).with(properties.clone()),
            Outgoing::new(names.direct, "one", ""),
        ],
    );
    let large = receive(&one).await;
    assert_eq!(large.properties, properties);
    assert!(large.body == body, "the body is the one that was sent");
    assert_eq!(large.ack.ack().await, Settled::Done);
    let empty = receive(&one).await;
    assert_eq!(empty.properties, Properties::default());
    assert!(empty.body.is_empty());
    assert_eq!(empty.ack.ack().await, Settled::Done);
    all_sent(sent).await;
}

pub(super) async fn a_retry_takes_the_place_of_its_original(
    broker: Arc<dyn Broker>,
    names: &Fixture,
) {
    let narrow = broker.consume(names.narrow).unwrap();
    let sent = send(&broker, vec![Outgoing::new(names.direct, "narrow", "all")]);
    let original = receive(&narrow).await;
    let retry = Outgoing::to_queue(names.narrow, "rest").in_place_of(&original.ack);
    // The original fills the consumer's hands, so the retry can't be delivered before this is answered.
    timeout(TIME_LIMIT, broker.publish(retry))
        .await
        .expect("a retry is taken at once")
        .unwrap();
    assert_eq!(original.ack.ack().await, Settled::Done);
    let rest = receive(&narrow).await;
    assert_eq!(text(&rest), "rest");
    assert_eq!((&*rest.exchange, &*rest.routing_key), ("", names.narrow));
    assert_eq!(rest.ack.ack().await, Settled::Done);
    all_sent(sent).await;
}

pub(super) async fn workers_share_a_consumer(broker: Arc<dyn Broker>, names: &Fixture) {
    let one = Arc::new(broker.consume(names.one).unwrap());
    let messages = (0..200).map(|n| Outgoing::new(names.direct, "one", n.to_string()));
    let sent = send(&broker, messages.collect());
    let workers = (0..4).map(|_| {
        let one = Arc::clone(&one);
        tokio::spawn(async move {
            let mut bodies = Vec::new();
            while let Ok(Some(delivery)) = timeout(Duration::from_secs(1), one.next()).await {
                bodies.push(text(&delivery).parse::<u32>().unwrap());
                assert_eq!(delivery.ack.ack().await, Settled::Done);
                tokio::task::yield_now().await;
            }
            bodies
        })
    });
    let mut all = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        all.extend(worker.await.unwrap());
    }
    all.sort_unstable();
    assert_eq!(all, (0..200).collect::<Vec<_>>());
    all_sent(sent).await;
}

pub(super) async fn impossible_wishes_are_refused(broker: Arc<dyn Broker>, names: &Fixture) {
    let publish = async |message| {
        timeout(TIME_LIMIT, broker.publish(message))
            .await
            .expect("a refusal comes at once")
            .unwrap_err()
    };
    assert_eq!(
        publish(Outgoing::new("nowhere", "a", "")).await,
        PublishError::NoExchange {
            exchange: "nowhere".into()
        }
    );
    assert_eq!(
        publish(Outgoing::to_queue("nobody", "")).await,
        PublishError::Unroutable {
            exchange: "".into(),
            routing_key: "nobody".into()
        }
    );
    assert_eq!(
        publish(Outgoing::new(names.topic, "k".repeat(256), "")).await,
        PublishError::TooLong {
            what: "routing key",
            size: 256
        }
    );
    assert_eq!(
        broker.consume("nobody").unwrap_err(),
        ConsumeError::NoQueue {
            queue: "nobody".into()
        }
    );
}

pub(super) async fn closing_ends_everything(broker: Arc<dyn Broker>, names: &Fixture) {
    let one = broker.consume(names.one).unwrap();
    broker.close(TIME_LIMIT).await;
    assert!(
        timeout(TIME_LIMIT, one.next())
            .await
            .expect("the consumer ends")
            .is_none()
    );
    assert_eq!(
        broker
            .publish(Outgoing::new(names.direct, "one", ""))
            .await
            .unwrap_err(),
        PublishError::Closed
    );
    assert_eq!(broker.consume(names.one).unwrap_err(), ConsumeError::Closed);
}
