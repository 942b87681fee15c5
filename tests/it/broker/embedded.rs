//! The broker in memory: the common promises, and its own.

use std::sync::Arc;
use std::time::Duration;

use event_grpc::broker::{Broker, Embedded, Link, Outgoing, PublishError, Settled};
use tokio::time::timeout;

use super::conformance;
use super::fixture::{Fixture, SILENCE, TIME_LIMIT, all_sent, nothing, receive, send, text};

const BUDGET: usize = 8 << 20;

fn start() -> (Arc<dyn Broker>, Fixture) {
    let names = Fixture::new();
    (Arc::new(Embedded::new(&names.topology, BUDGET)), names)
}

#[tokio::test(flavor = "multi_thread")]
async fn topic_patterns_route() {
    let (broker, names) = start();
    conformance::topic_patterns_route(broker, &names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn direct_and_fanout_route() {
    let (broker, names) = start();
    conformance::direct_and_fanout_route(broker, &names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_binding_matches_is_kept() {
    let (broker, names) = start();
    conformance::what_no_binding_matches_is_kept(broker, &names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn order_is_kept() {
    let (broker, names) = start();
    conformance::order_is_kept(broker, &names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prefetch_is_a_limit() {
    let (broker, names) = start();
    conformance::prefetch_is_a_limit(broker, &names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unsettled_messages_come_again() {
    let (broker, names) = start();
    conformance::unsettled_messages_come_again(broker, &names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_consumer_keeps_what_it_holds() {
    let (broker, names) = start();
    conformance::a_stopped_consumer_keeps_what_it_holds(broker, &names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn properties_and_large_bodies_arrive() {
    let (broker, names) = start();
    conformance::properties_and_large_bodies_arrive(broker, &names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_takes_the_place_of_its_original() {
    let (broker, names) = start();
    conformance::a_retry_takes_the_place_of_its_original(broker, &names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_share_a_consumer() {
    let (broker, names) = start();
    conformance::workers_share_a_consumer(broker, &names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn impossible_wishes_are_refused() {
    let (broker, names) = start();
    conformance::impossible_wishes_are_refused(broker, &names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_ends_everything() {
    let (broker, names) = start();
    conformance::closing_ends_everything(broker, &names).await;
}

#[tokio::test]
async fn a_publisher_waits_for_every_copy_and_for_what_replaces_it() {
    let (broker, names) = start();
    let one = broker.consume(names.one).unwrap();
    let two = broker.consume(names.two).unwrap();
    let lost = broker.consume(names.lost).unwrap();
    let mut sent = send(&broker, vec![Outgoing::new(names.fanout, "", "x")]);
    assert_eq!(receive(&one).await.ack.ack().await, Settled::Done);
    assert!(timeout(SILENCE, &mut sent).await.is_err());
    let copy = receive(&two).await;
    let dead_letter = Outgoing::new(names.unrouted, "", "dead").in_place_of(&copy.ack);
    broker.publish(dead_letter).await.unwrap();
    assert_eq!(copy.ack.ack().await, Settled::Done);
    assert!(timeout(SILENCE, &mut sent).await.is_err());
    let dead = receive(&lost).await;
    assert_eq!(text(&dead), "dead");
    assert_eq!(dead.ack.ack().await, Settled::Done);
    all_sent(sent).await;
}

#[tokio::test]
async fn a_full_budget_makes_publishers_wait_in_line() {
    let names = Fixture::new();
    let broker: Arc<dyn Broker> = Arc::new(Embedded::new(&names.topology, 10_000));
    let one = broker.consume(names.one).unwrap();
    let message = |size| Outgoing::new(names.direct, "one", vec![0; size]);
    assert_eq!(
        broker.publish(message(10_000)).await.unwrap_err(),
        PublishError::TooLarge {
            size: 10_000,
            limit: 10_000 - 512
        }
    );
    // The second doesn't fit beside the first, and the small third doesn't overtake it.
    let sent = send(&broker, vec![message(6_000), message(5_000), message(1)]);
    let first = receive(&one).await;
    assert_eq!(first.body.len(), 6_000);
    nothing(&one).await;
    // A message that replaces a delivery doesn't wait.
    let retry = Outgoing::to_queue(names.one, vec![0; 5_999]).in_place_of(&first.ack);
    timeout(TIME_LIMIT, broker.publish(retry))
        .await
        .expect("a retry needs no room of its own")
        .unwrap();
    assert_eq!(first.ack.ack().await, Settled::Done);
    for size in [5_999, 5_000, 1] {
        let delivery = receive(&one).await;
        assert_eq!(delivery.body.len(), size);
        assert_eq!(delivery.ack.ack().await, Settled::Done);
    }
    all_sent(sent).await;
}

#[tokio::test]
async fn closing_waits_for_what_can_be_settled_and_tells_the_rest() {
    let (broker, names) = start();
    let one = broker.consume(names.one).unwrap();
    let message = |body| Outgoing::new(names.direct, "one", body);
    let sent = send(&broker, vec![message("settled"), message("not settled")]);
    let first = receive(&one).await;
    let closing = {
        let broker = Arc::clone(&broker);
        tokio::spawn(async move { broker.close(Duration::from_secs(2)).await })
    };
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(
        broker.publish(message("late")).await.unwrap_err(),
        PublishError::Closed
    );
    assert_eq!(first.ack.ack().await, Settled::Done);
    closing.await.unwrap();
    let results = sent.await.unwrap();
    assert_eq!(results[0], Ok(()));
    let error = results[1].clone().unwrap_err();
    assert!(error.may_be_taken() && error.retry_helps(), "{error}");
    assert_eq!(broker.status().borrow().link, Link::Closed);
}

#[tokio::test]
async fn queues_that_are_not_in_use_get_nothing() {
    let mut names = Fixture::new();
    names
        .topology
        .queues
        .retain(|queue| queue.name != names.two);
    let broker: Arc<dyn Broker> = Arc::new(Embedded::new(&names.topology, BUDGET));
    let one = broker.consume(names.one).unwrap();
    let sent = send(&broker, vec![Outgoing::new(names.fanout, "", "x")]);
    assert_eq!(receive(&one).await.ack.ack().await, Settled::Done);
    all_sent(sent).await;
}
