//! A small topology with names of its own for each test, and shorthands to send and receive.

use std::sync::Arc;
use std::time::Duration;

use event_grpc::broker::{
    Broker, Deliveries, Delivery, Outgoing, PublishError, QueueSpec, Topology,
};
use event_grpc::contract::{Exchange, ExchangeKind, QueueKind, Route};
use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longer than anything takes on a busy machine.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(20);
/// Long enough to see that nothing comes.
pub(crate) const SILENCE: Duration = Duration::from_millis(300);

/// The names of a test's exchanges and queues, and the topology that they form.
#[derive(Clone)]
pub(crate) struct Fixture {
    pub(crate) topology: Topology,
    pub(crate) topic: &'static str,
    pub(crate) direct: &'static str,
    pub(crate) fanout: &'static str,
    pub(crate) unrouted: &'static str,
    /// Classic; bound to the topic exchange with `*`, to the direct one with `one` and to the fanout one.
    pub(crate) one: &'static str,
    /// Quorum; bound to the topic exchange with `a.#` and `#.z`, and to the fanout one.
    pub(crate) two: &'static str,
    /// Classic, with a prefetch of 1; bound to the direct exchange with `narrow`.
    pub(crate) narrow: &'static str,
    /// Classic; bound to the exchange for what no binding matches.
    pub(crate) lost: &'static str,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let id = uuid::Uuid::now_v7().simple().to_string();
        let name = |suffix: &str| -> &'static str { format!("test-{id}.{suffix}").leak() };
        let (topic, direct, fanout) = (name("topic"), name("direct"), name("fanout"));
        let unrouted = name("unrouted");
        let (one, two) = (name("one"), name("two"));
        let (narrow, lost) = (name("narrow"), name("lost"));
        let exchange = |name, kind| Exchange {
            name,
            kind,
            derived: false,
        };
        let queue = |name, kind, prefetch, bindings: &[(&'static str, &'static str)]| QueueSpec {
            name,
            kind,
            topic: None,
            foreign: None,
            prefetch,
            prefetch_bytes: 16 << 20,
            awaited: true,
            partition: None,
            keyed: false,
            bindings: bindings
                .iter()
                .map(|&(exchange, routing_key)| Route {
                    exchange,
                    routing_key,
                })
                .collect::<Vec<_>>()
                .leak(),
        };
        let topology = Topology {
            exchanges: vec![
                exchange(topic, ExchangeKind::Topic),
                exchange(direct, ExchangeKind::Direct),
                exchange(fanout, ExchangeKind::Fanout),
                exchange(unrouted, ExchangeKind::Fanout),
            ],
            queues: vec![
                queue(
                    one,
                    QueueKind::Classic,
                    100,
                    &[(topic, "*"), (direct, "one"), (fanout, "")],
                ),
                queue(
                    two,
                    QueueKind::Quorum,
                    100,
                    &[(topic, "a.#"), (topic, "#.z"), (fanout, "")],
                ),
                queue(narrow, QueueKind::Classic, 1, &[(direct, "narrow")]),
                queue(lost, QueueKind::Classic, 100, &[(unrouted, "")]),
            ],
            unrouted,
            renamed: &[],
        };
        Self {
            topology,
            topic,
            direct,
            fanout,
            unrouted,
            one,
            two,
            narrow,
            lost,
        }
    }
}

/// Publishes messages in this order. A few at a time: when many futures are polled at once, the scheduler takes a
/// break in the middle and goes on in another order.
pub(crate) fn send(
    broker: &Arc<dyn Broker>,
    messages: Vec<Outgoing>,
) -> JoinHandle<Vec<Result<(), PublishError>>> {
    let broker = Arc::clone(broker);
    tokio::spawn(async move {
        let mut results = Vec::new();
        for few in messages.chunks(20) {
            let few = few.iter().map(|message| broker.publish(message.clone()));
            results.extend(join_all(few).await);
        }
        results
    })
}

/// Waits until all of them were published.
pub(crate) async fn all_sent(sent: JoinHandle<Vec<Result<(), PublishError>>>) {
    for result in timeout(TIME_LIMIT, sent)
        .await
        .expect("the publishes are answered")
        .unwrap()
    {
        result.unwrap();
    }
}

/// The next message.
pub(crate) async fn receive(deliveries: &Deliveries) -> Delivery {
    timeout(TIME_LIMIT, deliveries.next())
        .await
        .expect("a message comes")
        .expect("the consumer goes on")
}

/// Asserts that no message comes.
pub(crate) async fn nothing(deliveries: &Deliveries) {
    if let Ok(delivery) = timeout(SILENCE, deliveries.next()).await {
        panic!("this should not come: {delivery:?}");
    }
}

/// The body as text.
pub(crate) fn text(delivery: &Delivery) -> &str {
    std::str::from_utf8(&delivery.body).unwrap()
}
