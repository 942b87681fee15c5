//! RabbitMQ: the common promises against a real server, and how it is reached.

use std::process::Command;
use std::sync::Arc;

use event_grpc::broker::{
    Address, Broker, Link, Outgoing, PublishError, Rabbit, RabbitOptions, Settled,
};
use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use tokio::time::timeout;

use super::conformance;
use super::fixture::{Fixture, TIME_LIMIT, all_sent, receive, send, text};

/// The value of a variable that the tests command sets.
pub(crate) fn required(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set; `cargo xtask test` starts a server"))
}

pub(crate) fn url() -> String {
    required("EVENT_GRPC_TEST_AMQP_URL")
}

/// Runs the server's administration command.
pub(crate) fn rabbitmqctl(arguments: &[&str]) {
    let status = Command::new(required("EVENT_GRPC_TEST_RABBITMQCTL"))
        .args(arguments)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "rabbitmqctl {arguments:?}");
}

/// Connects to the server and waits until that has worked.
pub(crate) async fn connected(names: &Fixture, url: &str) -> Arc<dyn Broker> {
    let address = Address::parse(url).unwrap();
    let broker = Rabbit::connect(address, names.topology.clone(), RabbitOptions::default());
    until(&broker, |link| *link == Link::Up).await;
    Arc::new(broker)
}

/// Waits until the connection is as wanted.
pub(crate) async fn until(broker: &dyn Broker, wanted: impl Fn(&Link) -> bool) {
    let mut status = broker.status();
    let reached = timeout(TIME_LIMIT, status.wait_for(|status| wanted(&status.link))).await;
    let reached = reached.map(drop);
    assert!(
        reached.is_ok(),
        "it is still {:?}",
        broker.status().borrow()
    );
}

/// A plain connection, to do what others do to a broker.
pub(crate) async fn plain() -> lapin::Channel {
    let properties = lapin::ConnectionProperties::default();
    let connection = lapin::Connection::connect(&url(), properties)
        .await
        .unwrap();
    connection.create_channel().await.unwrap()
}

/// Removes a test's queues and exchanges.
pub(crate) async fn remove(names: &Fixture) {
    let channel = plain().await;
    for queue in &names.topology.queues {
        let options = QueueDeleteOptions::default();
        channel
            .queue_delete(queue.name.into(), options)
            .await
            .unwrap();
    }
    for exchange in &names.topology.exchanges {
        let options = ExchangeDeleteOptions::default();
        channel
            .exchange_delete(exchange.name.into(), options)
            .await
            .unwrap();
    }
}

async fn start() -> (Arc<dyn Broker>, Fixture) {
    let names = Fixture::new();
    (connected(&names, &url()).await, names)
}

#[tokio::test(flavor = "multi_thread")]
async fn topic_patterns_route() {
    let (broker, names) = start().await;
    conformance::topic_patterns_route(broker, &names).await;
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn direct_and_fanout_route() {
    let (broker, names) = start().await;
    conformance::direct_and_fanout_route(broker, &names).await;
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_binding_matches_is_kept() {
    let (broker, names) = start().await;
    let pattern = format!("^({}|{})$", names.topic, names.direct).replace('.', "\\.");
    let definition = format!(r#"{{"alternate-exchange":"{}"}}"#, names.unrouted);
    rabbitmqctl(&[
        "set_policy",
        names.unrouted,
        &pattern,
        &definition,
        "--apply-to",
        "exchanges",
    ]);
    conformance::what_no_binding_matches_is_kept(broker, &names).await;
    rabbitmqctl(&["clear_policy", names.unrouted]);
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn order_is_kept() {
    let (broker, names) = start().await;
    conformance::order_is_kept(broker, &names).await;
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prefetch_is_a_limit() {
    let (broker, names) = start().await;
    conformance::prefetch_is_a_limit(broker, &names).await;
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unsettled_messages_come_again() {
    let (broker, names) = start().await;
    conformance::unsettled_messages_come_again(broker, &names).await;
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_consumer_keeps_what_it_holds() {
    let (broker, names) = start().await;
    conformance::a_stopped_consumer_keeps_what_it_holds(broker, &names).await;
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn properties_and_large_bodies_arrive() {
    let (broker, names) = start().await;
    conformance::properties_and_large_bodies_arrive(broker, &names).await;
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_takes_the_place_of_its_original() {
    let (broker, names) = start().await;
    conformance::a_retry_takes_the_place_of_its_original(broker, &names).await;
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_share_a_consumer() {
    let (broker, names) = start().await;
    conformance::workers_share_a_consumer(broker, &names).await;
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn impossible_wishes_are_refused() {
    let (broker, names) = start().await;
    conformance::impossible_wishes_are_refused(broker, &names).await;
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_ends_everything() {
    let (broker, names) = start().await;
    conformance::closing_ends_everything(broker, &names).await;
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_learns_whether_a_queue_took_it() {
    let (broker, names) = start().await;
    let one = broker.consume(names.one).unwrap();
    let counting = tokio::spawn(async move {
        let mut count = 0;
        while count < 1_800 {
            let delivery = receive(&one).await;
            assert_eq!(text(&delivery), "taken");
            assert_eq!(delivery.ack.ack().await, Settled::Done);
            count += 1;
        }
    });
    let messages = (0..2_000).map(|n| match n % 10 {
        7 => Outgoing::new(names.direct, "nowhere", "stray"),
        _ => Outgoing::new(names.direct, "one", "taken"),
    });
    // Many at once, so that one frame of the broker confirms many.
    let messages: Vec<_> = messages.collect();
    let publishes = messages
        .iter()
        .map(|message| broker.publish(message.clone()));
    let results = timeout(TIME_LIMIT, futures_util::future::join_all(publishes))
        .await
        .unwrap();
    for (message, result) in messages.iter().zip(results) {
        match &*message.routing_key {
            "one" => assert_eq!(result, Ok(())),
            _ => assert_eq!(
                result,
                Err(PublishError::Unroutable {
                    exchange: names.direct.into(),
                    routing_key: "nowhere".into()
                })
            ),
        }
    }
    counting.await.unwrap();
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses() {
    let (broker, names) = start().await;
    rabbitmqctl(&[
        "set_policy",
        names.one,
        &format!("^{}$", names.one.replace('.', "\\.")),
        r#"{"max-length":1,"overflow":"reject-publish"}"#,
        "--apply-to",
        "queues",
    ]);
    let message = || Outgoing::new(names.direct, "one", "x");
    let sent = send(&broker, (0..50).map(|_| message()).collect());
    let results = timeout(TIME_LIMIT, sent).await.unwrap().unwrap();
    let refused = results
        .iter()
        .filter(|result| **result == Err(PublishError::Refused));
    assert!(refused.count() > 0, "{results:?}");
    rabbitmqctl(&["clear_policy", names.one]);
    all_sent(send(&broker, vec![message()])).await;
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topology_that_differs_is_explained_and_the_rest_works() {
    let names = Fixture::new();
    let channel = plain().await;
    let classic = lapin::options::QueueDeclareOptions {
        durable: true,
        ..Default::default()
    };
    channel
        .queue_declare(names.two.into(), classic, Default::default())
        .await
        .unwrap();
    let broker = connected(&names, &url()).await;
    let problems = broker.status().borrow().problems.clone();
    let [problem] = &*problems else {
        panic!("{problems:?}");
    };
    let text = problem.to_string();
    for part in [
        names.two,
        "quorum queue",
        "PRECONDITION_FAILED",
        "x-queue-type",
    ] {
        assert!(text.contains(part), "{text} should name {part}");
    }
    assert!(!broker.status().borrow().is_good());
    // The queue is used as it is, with its bindings.
    let two = broker.consume(names.two).unwrap();
    all_sent(send(&broker, vec![Outgoing::new(names.topic, "a.b", "x")])).await;
    let delivery = receive(&two).await;
    assert_eq!(delivery.ack.ack().await, Settled::Done);
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_was_deleted_is_declared_and_consumed_again() {
    let (broker, names) = start().await;
    let one = broker.consume(names.one).unwrap();
    all_sent(send(&broker, vec![Outgoing::new(names.direct, "one", "1")])).await;
    let first = receive(&one).await;
    assert_eq!(text(&first), "1");
    plain()
        .await
        .queue_delete(names.one.into(), QueueDeleteOptions::default())
        .await
        .unwrap();
    let published = timeout(TIME_LIMIT, async {
        while broker
            .publish(Outgoing::new(names.direct, "one", "2"))
            .await
            .is_err()
        {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    });
    published.await.expect("the queue is declared again");
    let second = receive(&one).await;
    assert_eq!(text(&second), "2");
    assert_eq!(second.ack.ack().await, Settled::Done);
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_that_was_deleted_is_declared_again() {
    let (broker, names) = start().await;
    let one = broker.consume(names.one).unwrap();
    plain()
        .await
        .exchange_delete(names.direct.into(), ExchangeDeleteOptions::default())
        .await
        .unwrap();
    let first = broker
        .publish(Outgoing::new(names.direct, "one", "1"))
        .await
        .unwrap_err();
    assert!(first.may_be_taken() && first.retry_helps(), "{first}");
    all_sent(send(&broker, vec![Outgoing::new(names.direct, "one", "2")])).await;
    let delivery = receive(&one).await;
    assert_eq!(text(&delivery), "2");
    assert_eq!(delivery.ack.ack().await, Settled::Done);
    remove(&names).await;
}
