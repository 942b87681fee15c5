//! One exchange, or one queue, that the broker keeps from us: the others go on.

use std::sync::Arc;
use std::time::Duration;

use event_grpc::broker::{
    Address, Broker, Link, Outgoing, PublishError, Rabbit, RabbitOptions, Settled,
};
use tokio::time::timeout;
use url::Url;

use crate::broker::fixture::{Fixture, TIME_LIMIT, all_sent, receive, send, text};
use crate::broker::rabbit::{connected, rabbitmqctl, remove, until, url};

/// A user of the test's own, who may not do everything.
struct User {
    name: String,
}

impl User {
    fn create() -> User {
        let name = format!("u_{}", uuid::Uuid::now_v7().simple());
        rabbitmqctl(&["add_user", &name, "secret"]);
        User { name }
    }

    fn may(&self, write: &str, read: &str) {
        rabbitmqctl(&["set_permissions", &self.name, ".*", write, read]);
    }

    fn url(&self) -> String {
        let mut url = Url::parse(&url()).unwrap();
        url.set_username(&self.name).unwrap();
        url.set_password(Some("secret")).unwrap();
        url.into()
    }

    fn delete(self) {
        rabbitmqctl(&["delete_user", &self.name]);
    }
}

/// Anything but this name.
fn any_but(name: &str) -> String {
    format!("^(?!{}$).*$", name.replace('.', "\\."))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_that_we_may_not_write_to_refuses_its_own_messages_only() {
    let names = Fixture::new();
    drop(connected(&names, &url()).await);
    let user = User::create();
    user.may(&any_but(names.topic), ".*");
    let broker = connected(&names, &user.url()).await;
    let one = broker.consume(names.one).unwrap();
    let refused = tokio::spawn({
        let (broker, topic) = (Arc::clone(&broker), names.topic);
        async move {
            let mut answers = Vec::new();
            for _ in 0..100 {
                answers.push(broker.publish(Outgoing::new(topic, "a", "no")).await);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            answers
        }
    });
    for round in 0..10 {
        let messages =
            (0..20).map(|at| Outgoing::new(names.direct, "one", format!("{round}-{at}")));
        all_sent(send(&broker, messages.collect())).await;
        for _ in 0..20 {
            let delivery = receive(&one).await;
            assert_eq!(
                (text(&delivery).contains('-'), delivery.redelivered),
                (true, false)
            );
            assert_eq!(delivery.ack.ack().await, Settled::Done);
        }
    }
    let answers = timeout(TIME_LIMIT, refused).await.unwrap().unwrap();
    assert!(answers.iter().all(Result::is_err));
    let shut =
        |answer: &&Result<(), PublishError>| matches!(answer, Err(PublishError::Shut { .. }));
    // Only a message that was tried is of unknown fate.
    assert!(answers.iter().filter(shut).count() >= 95, "{answers:?}");
    let status = broker.status();
    assert_eq!(status.borrow().link, Link::Up);
    let reason = status.borrow().shut.get(names.topic).cloned().unwrap();
    assert!(
        reason.contains("ACCESS_REFUSED") && reason.contains(names.topic),
        "{reason}"
    );

    user.may(".*", ".*");
    let again = async {
        while broker
            .publish(Outgoing::new(names.topic, "a", "yes"))
            .await
            .is_err()
        {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(40), again)
        .await
        .expect("it is tried again");
    let told = broker
        .status()
        .wait_for(|status| status.shut.is_empty())
        .await
        .is_ok();
    assert!(told);
    drop(broker);
    user.delete();
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_we_may_not_read_is_told_and_the_others_are_consumed() {
    let names = Fixture::new();
    drop(connected(&names, &url()).await);
    let user = User::create();
    user.may(".*", &any_but(names.two));
    let broker = connected(&names, &user.url()).await;
    let (one, two) = (
        broker.consume(names.one).unwrap(),
        broker.consume(names.two).unwrap(),
    );
    all_sent(send(&broker, vec![Outgoing::new(names.fanout, "", "x")])).await;
    let delivery = receive(&one).await;
    assert_eq!(delivery.ack.ack().await, Settled::Done);
    let mut status = broker.status();
    let told = status.wait_for(|status| status.not_consumed.contains_key(names.two));
    timeout(TIME_LIMIT, told)
        .await
        .expect("it is told")
        .unwrap();
    assert_eq!(broker.status().borrow().not_consumed.len(), 1);
    user.may(".*", ".*");
    let delivery = receive(&two).await;
    assert_eq!(delivery.ack.ack().await, Settled::Done);
    assert!(broker.status().borrow().not_consumed.is_empty());
    drop(broker);
    user.delete();
    remove(&names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_channels_than_a_connection_may_have_are_on_further_connections() {
    let names = Fixture::new();
    let mut address = Url::parse(&url()).unwrap();
    address.set_query(Some("channel_max=2"));
    let address = Address::parse(address.as_str()).unwrap();
    let broker = Rabbit::connect(address, names.topology.clone(), RabbitOptions::default());
    until(&broker, |link| *link == Link::Up).await;
    let broker: Arc<dyn Broker> = Arc::new(broker);
    let queues = [names.one, names.two, names.narrow, names.lost];
    let consumers = queues.map(|queue| broker.consume(queue).unwrap());
    let sent = [
        Outgoing::new(names.direct, "one", "one"),
        Outgoing::new(names.topic, "a.b", "two"),
        Outgoing::new(names.direct, "narrow", "narrow"),
        Outgoing::new(names.unrouted, "", "lost"),
    ];
    all_sent(send(&broker, sent.into())).await;
    for (consumer, wanted) in consumers.iter().zip(["one", "two", "narrow", "lost"]) {
        let delivery = receive(consumer).await;
        assert_eq!(text(&delivery), wanted);
        assert_eq!(delivery.ack.ack().await, Settled::Done);
    }
    assert!(broker.status().borrow().is_good());
    broker.close(Duration::from_secs(5)).await;
    remove(&names).await;
}
