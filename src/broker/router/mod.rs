//! Router: RabbitMQ beside Kafka, as one broker.
//!
//! Exchanges and routing keys mean the same for both. A message goes to the topic of each queue in Kafka that its
//! exchange and key match, and to RabbitMQ if another queue matches, or none. It is published when all have confirmed it.

mod back;
mod bridge;

pub use back::{BackError, move_back};

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::broker::api::Broker;
use crate::broker::api::delivery::Deliveries;
use crate::broker::api::error::{ConsumeError, PublishError};
use crate::broker::api::limits::Limits;
use crate::broker::api::lock::Lock;
use crate::broker::api::message::Outgoing;
use crate::broker::api::routing::Routes;
use crate::broker::api::status::{Link, Status, Troubles};
use crate::broker::api::topology::{QueueSpec, Topology};
use crate::broker::kafka::{Kafka, KafkaAddress, KafkaClientError, KafkaOptions};
use crate::broker::rabbitmq::{Address, Rabbit, RabbitOptions};

/// Starts to connect to RabbitMQ, and to Kafka beside it if queues of a topology are there.
pub fn connect(
    address: Address,
    kafka: Option<&KafkaAddress>,
    topology: &Topology,
    options: (RabbitOptions, KafkaOptions),
) -> Result<Arc<dyn Broker>, KafkaClientError> {
    let (of_rabbit, of_kafka) = options;
    let rabbit = |topology: &Topology| -> Result<Arc<dyn Broker>, KafkaClientError> {
        Ok(Arc::new(Rabbit::connect(
            address,
            topology.clone(),
            of_rabbit,
        )))
    };
    let in_kafka = topology.queues.iter().filter(|queue| queue.topic.is_some());
    let queues: Vec<&str> = in_kafka.map(|queue| queue.name).collect();
    match kafka {
        _ if queues.is_empty() => rabbit(topology),
        Some(kafka) => {
            let router = Router::connect(kafka, topology.clone(), of_kafka, rabbit)?;
            Ok(Arc::new(router))
        }
        None => Err(KafkaClientError::NoBrokers {
            queues: queues.join(", "),
        }),
    }
}

/// Two brokers as one.
pub struct Router {
    main: Arc<dyn Broker>,
    kafka: Arc<Kafka>,
    /// Bindings of the queues that aren't in Kafka.
    main_routes: Routes,
    status: watch::Receiver<Status>,
    /// Joins the states of both, and moves what other services publish.
    tasks: Mutex<JoinSet<()>>,
}

impl Router {
    /// Starts to connect to Kafka for the queues of a topology that are there, beside a broker for the others, which is
    /// made with the topology of those.
    pub fn connect<E>(
        address: &KafkaAddress,
        topology: Topology,
        options: KafkaOptions,
        main: impl FnOnce(&Topology) -> Result<Arc<dyn Broker>, E>,
    ) -> Result<Self, E>
    where
        E: From<KafkaClientError>,
    {
        let rest = topology.in_rabbitmq();
        let main = main(&rest)?;
        let bridges = options.bridges;
        let kafka = Arc::new(Kafka::connect(address, &topology, options)?);
        let aside = kafka.only_foreign();
        let now = joined(
            &main.status().borrow(),
            &kafka.status().borrow(),
            aside.as_deref(),
        );
        let (told, status) = watch::channel(now);
        let mut tasks = JoinSet::new();
        tasks.spawn(join(main.status(), kafka.status(), aside, told));
        let bridged =
            |queue: &&QueueSpec| bridges && queue.topic.is_some_and(|topic| topic.bridged);
        for queue in topology.queues.iter().filter(bridged) {
            tasks.spawn(bridge::run(
                Arc::clone(&main),
                Arc::clone(&kafka),
                queue.name,
            ));
        }
        Ok(Router {
            main,
            kafka,
            main_routes: Routes::new(&rest),
            status,
            tasks: Mutex::new(tasks),
        })
    }

    async fn publish_to_all(&self, message: Outgoing) -> Result<(), PublishError> {
        if message.exchange.is_empty() {
            return match self.kafka.queue(&message.routing_key) {
                Some(queue) => self.kafka.publish_to(queue, message).await,
                None => self.main.publish(message).await,
            };
        }
        let (exchange, key) = (&message.exchange, &message.routing_key);
        let in_kafka = self.kafka.metrics().routes().bound(exchange, key);
        if in_kafka.is_empty() {
            return self.main.publish(message).await;
        }
        let topics = async {
            let each = in_kafka.iter();
            join_all(each.map(|queue| self.kafka.publish_to(*queue, message.clone()))).await
        };
        if !self.main_routes.bound(exchange, key).is_empty() {
            let (mut results, main) = tokio::join!(topics, self.main.publish(message.clone()));
            results.push(main);
            return together(results);
        }
        // The broker beside counts what goes by its exchanges.
        let publishing = self.kafka.metrics().putting(&message);
        let result = together(topics.await);
        publishing.end(&result);
        result
    }
}

impl Broker for Router {
    fn publish(&self, message: Outgoing) -> BoxFuture<'_, Result<(), PublishError>> {
        self.publish_to_all(message).boxed()
    }

    fn consume(&self, queue: &str) -> Result<Deliveries, ConsumeError> {
        match self.kafka.queue(queue) {
            Some(at) => self.kafka.consume(at),
            None => self.main.consume(queue),
        }
    }

    fn limits(&self) -> Limits {
        let (main, kafka) = (self.main.limits(), self.kafka.limits());
        Limits {
            properties: main.properties.min(kafka.properties),
            body: main.body.min(kafka.body),
        }
    }

    fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    fn lock<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Option<Lock>> {
        self.main.lock(name)
    }

    fn close(&self, time_limit: Duration) -> BoxFuture<'_, ()> {
        async move {
            // What they haven't moved is in its queue.
            self.tasks
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .abort_all();
            tokio::join!(self.kafka.close(time_limit), self.main.close(time_limit));
        }
        .boxed()
    }
}

/// One result of several. What one of them has taken may be stored, whatever the others say.
fn together(results: Vec<Result<(), PublishError>>) -> Result<(), PublishError> {
    let taken = results.iter().any(Result::is_ok);
    let Some(error) = results.into_iter().find_map(Result::err) else {
        return Ok(());
    };
    Err(match taken && error.retry_helps() {
        true => PublishError::Unknown {
            reason: format!("some of its queues have the message, but not all: {error}"),
        },
        false => error,
    })
}

/// Keeps one state of two.
async fn join(
    mut main: watch::Receiver<Status>,
    mut kafka: watch::Receiver<Status>,
    aside: Option<Vec<&'static str>>,
    told: watch::Sender<Status>,
) {
    loop {
        let now = joined(
            &main.borrow_and_update(),
            &kafka.borrow_and_update(),
            aside.as_deref(),
        );
        told.send_replace(now);
        let changed = tokio::select! {
            changed = main.changed() => changed,
            changed = kafka.changed() => changed,
        };
        if changed.is_err() {
            return;
        }
    }
}

/// The worse of two links, and the troubles of both. If nobody publishes to Kafka, its link is a trouble of the queues that
/// are read from there, which are set `aside`, and of nobody else.
fn joined(main: &Status, kafka: &Status, aside: Option<&[&'static str]>) -> Status {
    let rank = |link: &Link| match link {
        Link::Up => 0,
        Link::Blocked { .. } => 1,
        Link::Down { .. } => 2,
        Link::Closed => 3,
    };
    let worse = match aside.is_none() && rank(&kafka.link) > rank(&main.link) {
        true => kafka,
        false => main,
    };
    let both = |a: &Troubles, b: &Troubles| {
        let all = a.iter().chain(b);
        Arc::new(all.map(|(name, why)| (*name, why.clone())).collect())
    };
    let mut not_consumed: Arc<Troubles> = both(&main.not_consumed, &kafka.not_consumed);
    if let (Some(aside), Link::Down { reason, .. }) = (aside, &kafka.link) {
        let unread = Arc::make_mut(&mut not_consumed);
        for queue in aside {
            unread.entry(*queue).or_insert_with(|| reason.clone());
        }
    }
    Status {
        link: worse.link.clone(),
        problems: main
            .problems
            .iter()
            .chain(&*kafka.problems)
            .cloned()
            .collect(),
        not_consumed,
        shut: both(&main.shut, &kafka.shut),
        late: both(&main.late, &kafka.late),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_one_broker_has_and_another_one_has_not_may_be_stored() {
        let down = || PublishError::Down {
            reason: "away".to_owned(),
        };
        assert_eq!(together(vec![Ok(()), Ok(())]), Ok(()));
        assert_eq!(together(vec![Err(down()), Err(down())]), Err(down()));
        let split = together(vec![Err(down()), Ok(())]);
        assert!(split.is_err_and(|error| error.may_be_taken()));
    }

    #[test]
    fn a_cluster_that_is_away_is_told_beside_a_broker_that_is_there() {
        let up = Status::of(Link::Up);
        let down = Status::of(Link::Closed);
        assert_eq!(joined(&up, &down, None).link, Link::Closed);
        assert_eq!(joined(&down, &up, None).link, Link::Closed);
        assert!(joined(&up, &up, None).is_good());
    }

    #[test]
    fn a_cluster_that_is_only_read_keeps_nobody_from_sending() {
        let away = Status::of(Link::Down {
            since: std::time::SystemTime::now(),
            reason: "away".to_owned(),
        });
        let seen = joined(&Status::of(Link::Up), &away, Some(&["orders_q"]));
        assert_eq!(seen.link, Link::Up);
        assert_eq!(
            seen.not_consumed.get("orders_q").map(String::as_str),
            Some("away")
        );
        assert!(!seen.is_good());
    }
}
